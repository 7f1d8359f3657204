package controller

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/controller/park"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// nothingChanged is the answer to a listener whose time is over.
//
//nolint:gochecknoglobals // made once
var nothingChanged = &middleware.Raw{ContentType: middleware.JSONUTF8}

// listen answers clients that wait for configs to change (contract config.md
// §2.12): at once if something has changed already or they do not want to wait,
// else when it does.
func (a *API) listen(q *middleware.Request) (any, error) {
	all, err := parseListening(q.Params.Get("Listening-Configs"))
	if err != nil {
		return nil, err
	}
	if q.Asked() {
		may := permit(q, auth.Read)
		for i := range all {
			if err := may(all[i].key); err != nil {
				return nil, err
			}
		}
	}
	cache := a.o.Config.Cache()
	v := config.Viewer{IP: clientIP(q), Tag: q.Header("Vipserver-Tag")}
	c := clientOf(q, v)
	timeout, long := q.HTTP().Header["Long-Pulling-Timeout"]
	hangs := long && !strings.EqualFold(q.Header("Long-Pulling-Timeout-No-Hangup"), "true")
	w := a.o.Config.Switches()
	if fixed := hangs && w.Fixed; !fixed {
		changed := changedOf(cache, v, all)
		if hangs { // who does not wait starts up: it is behind nothing yet, and asks again at once
			a.follow(c, all, changed)
		}
		switch {
		case !long:
			return shortPoll(q, changed), nil
		case len(changed) > 0:
			return changedRaw(changed), nil
		case !hangs:
			return nothingChanged, nil
		}
	}
	ms, err := strconv.ParseInt(timeout[0], 10, 64)
	if err != nil {
		return nil, service.Errorf(service.BadParam, "%s", (&conversion{value: timeout[0], kind: "long"}).cause())
	}
	ms = min(max(ms, 0), int64(time.Hour/time.Millisecond))
	own := cloned(c)
	p := &poll{cache: cache, viewer: config.Viewer{IP: own.IP, Tag: own.Tag}, held: &a.held, client: own}
	return a.hang(q, p, all, w.Wait(time.Duration(ms)*time.Millisecond), w.Fixed)
}

// changedOf are the configs of which the client does not have what it sees.
func changedOf(cache *config.Cache, v config.Viewer, all []interest) []config.Key {
	var changed []config.Key
	for i := range all {
		if cache.Get(all[i].key).MD5(v) != all[i].md5 {
			changed = append(changed, all[i].key)
		}
	}
	return changed
}

// clientOf is who polls, in texts of the request.
func clientOf(q *middleware.Request, v config.Viewer) config.Client {
	return config.Client{Address: q.HTTP().RemoteAddr, IP: v.IP, App: q.Header("Client-Appname"), Agent: agent(q), Tag: v.Tag}
}

// cloned is a client in texts of its own.
func cloned(c config.Client) *config.Client {
	return &config.Client{
		Address: strings.Clone(c.Address), IP: strings.Clone(c.IP), App: strings.Clone(c.App), Agent: strings.Clone(c.Agent), Tag: strings.Clone(c.Tag),
	}
}

// follow remembers which of its configs a client does not have as it should, and
// forgets it of those that it has. changed is in the order of all.
func (a *API) follow(c config.Client, all []interest, changed []config.Key) {
	lags := a.o.Config.Lags()
	if len(changed) == 0 && !lags.Any() {
		return
	}
	for i := range all {
		if len(changed) > 0 && changed[0] == all[i].key {
			changed = changed[1:]
			lags.Told(c, all[i].key, all[i].md5)
		} else {
			lags.Caught(c, all[i].key)
		}
	}
}

func changedRaw(changed []config.Key) *middleware.Raw {
	return &middleware.Raw{ContentType: middleware.JSONUTF8, Header: noCache, Body: changedBody(changed...)}
}

// shortPoll answers in headers, the way of SDKs before the long poll. From
// version 2.0.4 on the reference answers nothing at all, and nobody asks.
func shortPoll(q *middleware.Request, changed []config.Key) *middleware.Raw {
	r := &middleware.Raw{ContentType: middleware.JSONUTF8, Header: noCache}
	if versionNumber(q.Header("Client-Version")) >= 204 {
		return r
	}
	var old strings.Builder
	var list []byte
	for _, k := range changed {
		old.WriteString(k.DataID + ":" + k.Group + ";")
		list = appendRecord(list, k)
	}
	r.Header = append(
		append(make([]middleware.Field, 0, len(noCache)+2), noCache...),
		middleware.Field{Name: "Probe-Modify-Response", Value: []string{old.String()}},
		middleware.Field{Name: "Probe-Modify-Response-New", Value: []string{string(list)}},
	)
	return r
}

// versionNumber is the parts of a version as the digits of one number: 2.0.4 is
// 204. None is 2.0.0.
func versionNumber(v string) int {
	if v == "" {
		v = "2.0.0"
	}
	n := 0
	for part := range strings.SplitSeq(v, ".") {
		for _, c := range part {
			if c < '0' || c > '9' || n > 1<<24 {
				break
			}
			n = n*10 + int(c-'0')
		}
	}
	return n
}

// poll is a client that waits.
type poll struct {
	spot    park.Spot
	cache   *config.Cache
	viewer  config.Viewer
	waiters []config.Waiter
	held    *atomic.Int64 // what all polls together listen to
	client  *config.Client
	fixed   []interest        // of a poll that nothing wakes: to be compared at the end
	wake    chan []config.Key // of a poll that blocks its handler
}

// Changed implements config.Listener.
func (p *poll) Changed(k *config.Key) {
	if p.wake == nil {
		p.spot.Wake(k)
		return
	}
	select {
	case p.wake <- []config.Key{*k}:
	default: // woken already
	}
}

// Viewer implements config.Listener.
func (p *poll) Viewer() config.Viewer { return p.viewer }

// Client implements config.Follower.
func (p *poll) Client() *config.Client { return p.client }

// Answer implements park.Guest.
func (p *poll) Answer(b []byte, cause any) (head, body []byte) {
	switch c := cause.(type) {
	case *config.Key: // only the one that woke it, whatever else has changed
		body = changedBody(*c)
	case []config.Key:
		body = changedBody(c...)
	default:
		if changed := changedOf(p.cache, p.viewer, p.fixed); len(changed) > 0 {
			body = changedBody(changed...)
		}
	}
	b = append(b, "Content-Type: application/json;charset=UTF-8\r\n"...)
	if body != nil {
		for _, f := range noCache {
			b = append(b, f.Name...)
			b = append(b, ": "...)
			b = append(b, f.Value[0]...)
			b = append(b, '\r', '\n')
		}
	}
	return b, body
}

// Gone implements park.Guest.
func (p *poll) Gone() {
	for i := range p.waiters {
		p.waiters[i].Cancel()
	}
	p.held.Add(-int64(len(p.waiters)))
	p.waiters, p.fixed = nil, nil
}

// subscribe makes p wait for all of the configs. It returns those that changed
// since they were compared.
func (p *poll) subscribe(all []interest, fixed bool) (changed []config.Key) {
	p.waiters = make([]config.Waiter, len(all))
	p.held.Add(int64(len(all)))
	for i := range all {
		if fixed {
			p.cache.WatchAny(&p.waiters[i], all[i].key, deaf{p})
		} else if p.cache.Watch(&p.waiters[i], all[i].key, all[i].md5, p) {
			changed = append(changed, all[i].key)
		}
	}
	if fixed {
		p.fixed = make([]interest, len(all))
		for i := range all {
			p.fixed[i] = interest{p.waiters[i].Key(), strings.Clone(all[i].md5)}
		}
	}
	return changed
}

// deaf is a poll that is seen to listen, and does not.
type deaf struct{ *poll }

// Changed implements config.Listener.
func (deaf) Changed(*config.Key) {}

// maxHeld bounds what all polls together listen to, at some 150 bytes each:
// forty thousand clients with a hundred configs.
const maxHeld = 4_000_000

// hang has p wait on its connection alone, or in this goroutine where the
// connection cannot leave it.
func (a *API) hang(q *middleware.Request, p *poll, all []interest, d time.Duration, fixed bool) (any, error) {
	if a.held.Load()+int64(len(all)) > maxHeld {
		return nil, service.Errorf(service.Unavailable, "too many clients wait here, try another server")
	}
	err := a.o.Lot.Reserve(q.Gin.Writer, q.HTTP(), &p.spot, p)
	switch {
	case err == nil:
		if changed := p.subscribe(all, fixed); len(changed) > 0 {
			p.spot.Wake(changed)
		}
		p.spot.Wait(d)
		return middleware.Answered{}, nil
	case errors.Is(err, park.ErrClosed):
		return nothingChanged, nil
	case !errors.Is(err, park.ErrUnable):
		return nil, service.Wrap(service.Unavailable, err, "too many clients wait here, try another server")
	}
	p.wake = make(chan []config.Key, 1)
	defer p.Gone()
	if changed := p.subscribe(all, fixed); len(changed) > 0 {
		return changedRaw(changed), nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case changed := <-p.wake:
		return changedRaw(changed), nil
	case <-q.HTTP().Context().Done():
	case <-a.o.Lot.Closing():
	case <-t.C:
		if changed := changedOf(p.cache, p.viewer, p.fixed); len(changed) > 0 {
			return changedRaw(changed), nil
		}
	}
	return nothingChanged, nil
}
