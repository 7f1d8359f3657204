package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// Source is where a node learns which members there are.
type Source interface {
	// Name is what the lookup endpoints call it.
	Name() string
	// Load returns the addresses listed now. It may block until ctx ends.
	Load(ctx context.Context) ([]string, error)
	// Every is how often to load again; 0 is never.
	Every() time.Duration
	// Decides reports whether what leaves the list while this node runs leaves
	// the cluster: true for a list that an operator writes. Of another list a
	// member is dropped only when it does not answer either.
	Decides() bool
}

// Intervals between looks at a source.
const (
	fileEvery    = time.Second
	dnsEvery     = 5 * time.Second
	addressEvery = 5 * time.Second // as in Nacos
)

// Static is a list from the settings.
type Static []string

var _ Source = Static(nil)

// Name implements Source.
func (Static) Name() string { return "static" }

// Load implements Source.
func (s Static) Load(context.Context) ([]string, error) { return s, nil }

// Every implements Source.
func (Static) Every() time.Duration { return 0 }

// Decides implements Source.
func (Static) Decides() bool { return true }

// File is a cluster.conf.
type File struct {
	Path string
	Port int // of entries without one
}

var _ Source = File{}

// Name implements Source.
func (File) Name() string { return "file" }

// Load implements Source. A list of nobody is an error: an editor may have
// emptied the file a moment before writing it.
func (f File) Load(context.Context) ([]string, error) {
	r, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxListBytes+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	list, err := ParseList(string(b), f.Port)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s lists no member", f.Path)
	}
	return list, err
}

// Every implements Source.
func (File) Every() time.Duration { return fileEvery }

// Decides implements Source.
func (File) Decides() bool { return true }

// DNS is a name whose addresses are the members, as of a headless service.
type DNS struct {
	Host     string
	Port     int
	Interval time.Duration // how often to resolve again; 0 is 5 s
	Resolver interface {   // nil is the system's
		LookupHost(ctx context.Context, host string) ([]string, error)
	}
}

var _ Source = DNS{}

// Name implements Source.
func (DNS) Name() string { return "dns" }

// Load implements Source.
func (d DNS) Load(ctx context.Context) ([]string, error) {
	r := d.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	ips, err := r.LookupHost(ctx, d.Host)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(ips))
	for _, ip := range ips {
		out = append(out, net.JoinHostPort(ip, strconv.Itoa(d.Port)))
	}
	return out, nil
}

// Every implements Source.
func (d DNS) Every() time.Duration { return orDefault(d.Interval, dnsEvery) }

// Decides implements Source: a name server forgets a node that restarts.
func (DNS) Decides() bool { return false }

// maxAddressFails is after how many failures the address server counts as
// unhealthy: maxHealthCheckFailCount of Nacos.
const maxAddressFails = 12

// AddressServer is an HTTP server that answers with a member list.
type AddressServer struct {
	URL    string
	Port   int          // of entries without one
	Client *http.Client // nil is one with a limit of 3 s

	fails atomic.Int64
}

var _ Source = (*AddressServer)(nil)

// Name implements Source.
func (*AddressServer) Name() string { return "address-server" }

// Load implements Source.
func (a *AddressServer) Load(ctx context.Context) ([]string, error) {
	list, err := a.load(ctx)
	if err != nil {
		a.fails.Add(1)
		return nil, fmt.Errorf("address server: %w", err)
	}
	a.fails.Store(0)
	return list, nil
}

func (a *AddressServer) load(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return nil, err
	}
	c := a.Client
	if c == nil {
		c = http.DefaultClient
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxListBytes+1))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	list, err := ParseList(string(b), a.Port)
	if err == nil && len(list) == 0 {
		err = errors.New("listed no member")
	}
	return list, err
}

// Fails is the number of failed polls in a row; above 12 the server counts as
// unhealthy.
func (a *AddressServer) Fails() int { return int(a.fails.Load()) }

// Healthy reports whether the last polls did not all fail.
func (a *AddressServer) Healthy() bool { return a.Fails() < maxAddressFails }

// Every implements Source.
func (*AddressServer) Every() time.Duration { return addressEvery }

// Decides implements Source.
func (*AddressServer) Decides() bool { return false }
