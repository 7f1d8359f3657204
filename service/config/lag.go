package config

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Client is who listens, as far as it says.
type Client struct {
	Address string // ip:port of its connection
	IP      string // by which it is shown copies for addresses
	App     string
	Agent   string
	Tag     string

	Transport string // "" is a long poll
}

// Follower is a Listener that says who it is, so that it can be seen who was told
// of a change and has not come back for it yet.
type Follower interface {
	Listener
	Client() *Client
}

// Lag is a client that does not have what it should.
type Lag struct {
	Key    Key
	Client Client
	MD5    string // of what it had when it was told; "" is nothing
	Since  time.Time

	closed time.Time // when its connection was; zero: it is open
}

// Lags are the clients of this node that were told of a change and have not come
// back with the new content yet. A client that listens has what it should: that
// is why it may listen. So only those need to be remembered who were told.
type Lags struct {
	active atomic.Int64 // number of waves: nothing is locked while there are none

	mu    sync.Mutex // guards the following field
	waves map[Key]*wave
}

// Lags are the clients that were told of a change and have not come back yet.
func (s *Service) Lags() *Lags { return s.cache.lags }

// wave is who was told of a change of one config.
type wave struct {
	woken []Listener // not looked at yet: whoever publishes does not wait for it
	was   *Item
	at    time.Time

	behind map[string]map[string]*Lag // by the IP address and the address of the connection
	left   int                        // in behind
}

// Bounds of what is remembered.
const (
	lagWaves   = 1000
	lagForget  = 30 * time.Minute // whoever does not come back for so long is not waited for
	lagGone    = 10 * time.Minute // nor whoever has closed its connection for so long
	lagClients = 100_000          // of one config
)

func newLags() *Lags { return &Lags{waves: map[Key]*wave{}} }

// woken says that listeners are being told of a change of k, which was item was
// before. It must be quick.
func (l *Lags) woken(k Key, was *Item, listeners []Listener) {
	if len(listeners) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.wave(k)
	w.unfold(k)
	w.woken, w.was, w.at = listeners, was, time.Now()
}

// wave returns that of k, a new one if there is none. l.mu is held.
func (l *Lags) wave(k Key) *wave {
	w := l.waves[k]
	if w != nil {
		return w
	}
	if len(l.waves) >= lagWaves {
		l.sweep(time.Now())
	}
	if len(l.waves) >= lagWaves { // the oldest goes
		var oldest Key
		var at time.Time
		for k, w := range l.waves {
			if at.IsZero() || w.at.Before(at) {
				oldest, at = k, w.at
			}
		}
		delete(l.waves, oldest)
	}
	w = &wave{at: time.Now(), behind: map[string]map[string]*Lag{}}
	l.waves[k] = w
	l.active.Store(int64(len(l.waves)))
	return w
}

// unfold looks at who was woken.
func (w *wave) unfold(k Key) {
	for _, x := range w.woken {
		if f, ok := x.(Follower); ok {
			c := f.Client()
			w.add(Lag{Key: k, Client: *c, MD5: w.was.MD5(Viewer{IP: c.IP, Tag: c.Tag}), Since: w.at})
		}
	}
	w.woken, w.was = nil, nil
}

// add remembers a client, unless it is known to be behind already: then it is so
// for longer.
func (w *wave) add(lag Lag) {
	ip := hostOf(lag.Client.Address)
	at := w.behind[ip]
	if at[lag.Client.Address] != nil || w.left >= lagClients {
		return
	}
	if at == nil {
		at = map[string]*Lag{}
		w.behind[ip] = at
	}
	at[lag.Client.Address] = &lag
	w.left++
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// Told says that a client came with a digest that is not that of what it should
// have, and was told so.
func (l *Lags) Told(c Client, k Key, md5 string) {
	c = Client{strings.Clone(c.Address), strings.Clone(c.IP), strings.Clone(c.App), strings.Clone(c.Agent), strings.Clone(c.Tag), c.Transport}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wave(k).add(Lag{Key: k, Client: c, MD5: strings.Clone(md5), Since: time.Now()})
}

// Any reports whether any client is behind, so that Caught may be worth a call.
func (l *Lags) Any() bool { return l.active.Load() > 0 }

// Caught says that a client has what it should of k.
func (l *Lags) Caught(c Client, k Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waves[k]
	if w == nil {
		return
	}
	w.unfold(k)
	ip := hostOf(c.Address)
	at := w.behind[ip]
	address := c.Address
	if at[address] == nil { // it may have come back over another connection
		for a, lag := range at {
			if !lag.closed.IsZero() && lag.Client.App == c.App && lag.Client.Agent == c.Agent {
				address = a
				break
			}
		}
	}
	if at[address] != nil {
		w.drop(ip, address)
	}
	l.end(k, w)
}

func (w *wave) drop(ip, address string) {
	delete(w.behind[ip], address)
	if len(w.behind[ip]) == 0 {
		delete(w.behind, ip)
	}
	w.left--
}

// end forgets a wave that nobody is left of. l.mu is held.
func (l *Lags) end(k Key, w *wave) {
	if w.left == 0 && len(w.woken) == 0 {
		delete(l.waves, k)
		l.active.Store(int64(len(l.waves)))
	}
}

// Closed says that a connection is closed.
func (l *Lags) Closed(address string) {
	if !l.Any() {
		return
	}
	now := time.Now()
	ip := hostOf(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, w := range l.waves {
		w.unfold(k)
		if lag := w.behind[ip][address]; lag != nil {
			lag.closed = now
		}
	}
}

// sweep forgets those who are not waited for any more. l.mu is held.
func (l *Lags) sweep(now time.Time) {
	for k, w := range l.waves {
		w.unfold(k)
		for ip, at := range w.behind {
			for address, lag := range at {
				if now.Sub(lag.Since) > lagForget || !lag.closed.IsZero() && now.Sub(lag.closed) > lagGone {
					w.drop(ip, address)
				}
			}
		}
		l.end(k, w)
	}
}

// Of returns who is behind on k, those first who are so for the longest time.
func (l *Lags) Of(k Key) []Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(time.Now())
	var out []Lag
	if w := l.waves[k]; w != nil {
		out = w.all(nil)
	}
	slices.SortFunc(out, func(a, b Lag) int { return a.Since.Compare(b.Since) })
	return out
}

func (w *wave) all(out []Lag) []Lag {
	for _, at := range w.behind {
		for _, lag := range at {
			out = append(out, *lag)
		}
	}
	return out
}

// All returns who is behind on anything.
func (l *Lags) All() []Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(time.Now())
	var out []Lag
	for _, w := range l.waves {
		out = w.all(out)
	}
	return out
}

// Count is how many are behind on each config.
func (l *Lags) Count() map[Key]int {
	if !l.Any() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(time.Now())
	out := make(map[Key]int, len(l.waves))
	for k, w := range l.waves {
		out[k] = w.left
	}
	return out
}
