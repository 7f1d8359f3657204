package middleware

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/service"
)

// Bounds of a request that is sent on to its owner.
const (
	// ownerTime is how long an owner may take to answer, as in Nacos.
	ownerTime = 2 * time.Second
	// forwardTime is how long all of it may take, the wait for another owner in
	// place of one that is gone included. SDKs wait at least three seconds.
	forwardTime = 2900 * time.Millisecond
	// maxAnswer bounds an owner's answer in bytes; those to writes are short.
	maxAnswer = 1 << 20
	// notMine is the status of an owner that is leaving and did nothing.
	notMine = http.StatusMisdirectedRequest
	// headerRevision tells the other node the latest revision that this one knows,
	// with a request and with its answer: what a client does next, wherever it
	// does it, comes after that. In base 36.
	headerRevision = "Pharos-Revision"
)

// DistroOptions are what a Distro needs.
type DistroOptions struct {
	Members *cluster.Membership
	Peer    *peer.Node
	Clock   *distro.Clock // of the revisions of what is forwarded
	On      func() bool   // the switch distroEnabled: false has every node answer for all
	Leaving func() bool   // whether this node hands over what it owns, to end
	Skipped func() bool   // whether this node stood still a short while ago: see Pulse
	Reg     prometheus.Registerer
}

// Distro sends writes of ephemeral data to the node that owns them.
type Distro struct {
	o      DistroOptions
	sent   prometheus.Counter
	failed prometheus.Counter
	served prometheus.Counter
}

// NewDistro returns a Distro and registers its counters.
func NewDistro(o DistroOptions) *Distro {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		o.Reg.MustRegister(c)
		return c
	}
	return &Distro{
		o:      o,
		sent:   counter("pharos_distro_forwarded_total", "Requests that were sent on to the node that owns what they are about."),
		failed: counter("pharos_distro_forward_failures_total", "Requests that were answered with 503 because the node that owns what they are about did not answer."),
		served: counter("pharos_distro_served_total", "Requests that another node sent on to this one."),
	}
}

// Arrive marks what another node has sent on: who called it there, and from
// where. Only the rows that have a Tag are served to other nodes.
func (d *Distro) Arrive() Middleware {
	return func(r *Route, next Handler) Handler {
		return func(q *Request) (any, error) {
			f, ok := peer.ForwardedFrom(q.Context())
			if !ok {
				return next(q)
			}
			if r.Tag == nil {
				return nil, service.Errorf(service.Forbidden, "this is not for other nodes")
			}
			if d.o.Leaving() {
				return Raw{Status: notMine, ContentType: TextPlain}, nil
			}
			d.served.Inc()
			d.see(q.Gin.Request.Header)
			q.FromPeer, q.User, q.Gin.Request.RemoteAddr = true, string(f.Caller), f.Remote
			out, err := next(q)
			q.Gin.Writer.Header()[headerRevision] = []string{d.revision()}
			return out, err
		}
	}
}

func (d *Distro) revision() string { return strconv.FormatUint(d.o.Clock.Last(), 36) }

// see takes note of the latest revision of the node that sent h. An older program
// tells none.
func (d *Distro) see(h http.Header) {
	if rev, err := strconv.ParseUint(h.Get(headerRevision), 36, 64); err == nil {
		d.o.Clock.See(rev)
	}
}

// Forward sends what belongs to another node there, once, and relays the answer.
// It comes after authorization and the checks of what was sent. What came from
// another node is answered here: if the two disagree about who owns it, it is as
// well here as there.
func (d *Distro) Forward() Middleware {
	return func(r *Route, next Handler) Handler {
		if r.Tag == nil {
			return next
		}
		return func(q *Request) (any, error) {
			if err := d.outdated(q); err != nil {
				return nil, err
			}
			if q.FromPeer || !d.o.On() {
				return next(q)
			}
			tag := r.Tag(q)
			if tag == "" {
				return next(q)
			}
			v := d.o.Members.View()
			if distro.Responsible(v, tag) || r.Copy != nil && r.Copy(q) {
				return next(q)
			}
			return d.forward(q, next, strings.Clone(tag), v)
		}
	}
}

// outdated refuses a write that nobody waits for any more. Who gave it up may have
// said the opposite to another node since, and been answered.
func (d *Distro) outdated(q *Request) error {
	if q.FromPeer {
		if f, ok := peer.ForwardedFrom(q.Context()); ok && f.Late() {
			return service.Errorf(service.Unavailable, "this came too late: nothing was done")
		}
		return nil
	}
	if d.o.Skipped() && hungUp(q.Context()) {
		return service.Errorf(service.Unavailable, "the caller has hung up: nothing was done")
	}
	return nil
}

// forward asks the owner of tag. One that is not there is asked once more, over
// a new connection; then whoever comes to own the tag in its place is asked.
// What is asked twice is the same as if it were asked once.
func (d *Distro) forward(q *Request, next Handler, tag string, v *cluster.View) (any, error) {
	d.sent.Inc()
	ctx, cancel := context.WithTimeout(q.Context(), forwardTime)
	defer cancel()
	owner := distro.Owner(v, tag)
	for again := false; ; {
		if err := d.outdated(q); err != nil {
			return nil, err
		}
		raw, late, err := d.ask(ctx, q, v, owner)
		if err == nil {
			return raw, nil
		}
		if late || ctx.Err() != nil {
			return d.gaveUp(err)
		}
		if !again && !peer.NotSent(err) {
			again = true
			continue
		}
		if v, err = d.o.Members.Wait(ctx, func(v *cluster.View) bool { return distro.Owner(v, tag) != owner }); err != nil {
			return d.gaveUp(err)
		}
		if owner, again = distro.Owner(v, tag), true; owner == v.Self {
			if err := d.outdated(q); err != nil {
				return nil, err
			}
			return next(q)
		}
	}
}

func (d *Distro) gaveUp(err error) (any, error) {
	d.failed.Inc()
	return nil, service.Wrap(service.Unavailable, err, "the server that owns this instance does not answer now, try again")
}

// ask sends q to owner; late says that it did not answer in time.
func (d *Distro) ask(ctx context.Context, q *Request, v *cluster.View, owner string) (raw Raw, late bool, err error) {
	m, ok := v.Member(owner)
	if !ok {
		return raw, false, peer.ErrUnreachable
	}
	ctx, cancel := context.WithTimeout(ctx, ownerTime)
	defer cancel()
	ctx = peer.WithForwarded(ctx, peer.Forwarded{Caller: []byte(q.User), Remote: q.Gin.Request.RemoteAddr})
	r, err := q.copyTo(ctx, m.PeerAddr())
	if err != nil {
		return raw, false, err
	}
	r.Header[headerRevision] = []string{d.revision()} // whatever the client sent under that name
	resp, err := d.o.Peer.HTTP().RoundTrip(r)
	if err != nil {
		return raw, ctx.Err() != nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	d.see(resp.Header)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return raw, ctx.Err() != nil, err
	}
	if resp.StatusCode == notMine {
		return raw, false, peer.ErrBusy
	}
	raw = Raw{Status: resp.StatusCode, ContentType: resp.Header["Content-Type"], Body: body}
	for name, value := range resp.Header {
		if !ownHeaders[name] {
			raw.Header = append(raw.Header, Field{name, value})
		}
	}
	return raw, false, nil
}

// copyTo returns the request as it goes to another node: the same method, path,
// parameters and headers, but for those that say who calls, as that is known.
func (q *Request) copyTo(ctx context.Context, addr string) (*http.Request, error) {
	from := q.Gin.Request
	u := url.URL{Scheme: "http", Host: addr, Path: from.URL.Path, RawPath: from.URL.RawPath, RawQuery: from.URL.RawQuery}
	body, form := q.Params.Body, true
	if body == nil && strings.HasPrefix(q.Header("Content-Type"), "multipart/form-data") {
		body, u.RawQuery = []byte(q.Params.Encode()), "" // the parameters of both
	} else if body == nil {
		form = false
	}
	r, err := http.NewRequestWithContext(ctx, from.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Host = from.Host
	for name, value := range from.Header {
		if !ownHeaders[name] && !hopHeaders[name] {
			r.Header[name] = value
		}
	}
	if form {
		r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		if ct := q.Header("Content-Type"); isForm(ct) {
			r.Header["Content-Type"] = []string{ct} // with its charset
		}
	}
	return r, nil
}

// ownHeaders are those that each message has of its own.
var ownHeaders = headerSet( //nolint:gochecknoglobals // a table
	"Content-Length", "Content-Type", "Date", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
	headerRevision,
)

// hopHeaders are those of a request that say who calls.
var hopHeaders = headerSet("Authorization", "Accesstoken", "Username", "Password", "Cookie") //nolint:gochecknoglobals // a table

func headerSet(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[textproto.CanonicalMIMEHeaderKey(n)] = true
	}
	return set
}
