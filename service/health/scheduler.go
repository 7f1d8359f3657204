package health

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// Params bound how often a type of check runs (the switches httpHealthParams,
// tcpHealthParams, mysqlHealthParams).
type Params struct {
	Max, Min int     // milliseconds
	Factor   float64 // how much of the last value stays in the average
}

// Switches are what an operator can turn while checks run.
type Switches struct {
	Check            bool // false: nothing is checked
	Times            int  // how many equal results in a row change the health
	TCP, HTTP, MySQL Params
}

// params returns the bounds for a type of check. Redis is asked as often as TCP;
// the types that cost more, as their nearest kin.
func (s *Switches) params(kind string) Params {
	switch kind {
	case HTTP, GRPC:
		return s.HTTP
	case MySQL, Custom:
		return s.MySQL
	default:
		return s.TCP
	}
}

// Options are what a Scheduler needs. All but Owns are required.
type Options struct {
	// Services calls yield with every service that has persistent instances.
	Services func(yield func(Key) bool)
	// Targets returns the persistent instances of a service.
	Targets func(k Key) []Target
	// Report records that an instance is healthy or not. It may take long.
	Report func(ctx context.Context, t Target, healthy bool) error
	// Owns says whether this node checks an address; nil says yes.
	Owns     func(ip string, port uint16) bool
	Switches func() Switches
	Probes   map[string]Probe // by type; instances of other types are not checked
	Log      *slog.Logger
}

// Bounds of the scheduler.
const (
	// concurrency bounds the checks under way.
	concurrency = 128
	// firstWait is the least wait before a new address is checked, in ms.
	firstWait = 2000
	// leastInterval stands in for switches that are set to nonsense, in ms.
	leastInterval = 100
	// resync is how often everything is read again, should a change have been lost.
	resync = time.Minute
)

// Scheduler checks instances: an address as often as its answers are quick,
// within the bounds of the switches; never two checks of one instance at once.
type Scheduler struct {
	o     Options
	work  *pool
	dirty chan struct{} // some services are to be read again

	mu      sync.Mutex // guards the following fields, and those of addresses and checks
	changed map[Key]struct{}
	all     map[addr]*address
	known   map[Key][]*check
	made    map[string]int64 // checks since the start, by type
	ended   bool
}

// addr is what the reference calls a client: all services of an ip:port are
// checked together.
type addr struct {
	ip   string
	port uint16
}

// address is one ip:port and the checks of its services.
type address struct {
	addr
	interval int // ms: the average that the next wait is
	timer    *time.Timer
	checks   map[Key]*check
}

// check is an instance of a service and how it has answered lately.
type check struct {
	address  *address
	target   Target
	ok, bad  int // results in a row
	underway bool
	gone     bool
}

// New returns a Scheduler. It checks nothing before Run.
func New(o Options) *Scheduler {
	return &Scheduler{
		o:       o,
		work:    newPool(concurrency),
		dirty:   make(chan struct{}, 1),
		changed: map[Key]struct{}{},
		all:     map[addr]*address{},
		known:   map[Key][]*check{},
		made:    map[string]int64{},
	}
}

// Changed says that the instances of a service, or how they are checked, may be
// different from now on. It does not block.
func (s *Scheduler) Changed(k Key) {
	s.mu.Lock()
	s.changed[k] = struct{}{}
	s.mu.Unlock()
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// Run checks until ctx ends, and returns when no check is under way.
func (s *Scheduler) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.work.wait()
	defer s.stop()
	defer cancel()
	s.readAll(ctx)
	again := time.NewTicker(resync)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			s.readAll(ctx)
		case <-s.dirty:
			s.mu.Lock()
			keys := s.changed
			s.changed = map[Key]struct{}{}
			s.mu.Unlock()
			for k := range keys {
				s.read(ctx, k)
			}
		}
	}
}

func (s *Scheduler) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, a := range s.all {
		a.timer.Stop()
	}
}

// readAll reads every service that has instances or had some.
func (s *Scheduler) readAll(ctx context.Context) {
	s.mu.Lock()
	keys := map[Key]struct{}{}
	for k := range s.known {
		keys[k] = struct{}{}
	}
	s.mu.Unlock()
	s.o.Services(func(k Key) bool {
		keys[k] = struct{}{}
		return true
	})
	for k := range maps.Keys(keys) {
		s.read(ctx, k)
	}
}

// read makes the checks of a service those of its instances.
func (s *Scheduler) read(ctx context.Context, k Key) {
	targets := s.o.Targets(k)
	sw := s.o.Switches()
	s.mu.Lock()
	defer s.mu.Unlock()
	stay := make(map[addr]struct{}, len(targets))
	for _, t := range targets {
		if _, ok := s.o.Probes[t.Type]; ok {
			stay[addr{t.IP, t.Port}] = struct{}{}
		}
	}
	kept := s.known[k][:0]
	for _, c := range s.known[k] {
		if _, ok := stay[c.address.addr]; ok {
			kept = append(kept, c)
		} else {
			s.drop(c)
		}
	}
	clear(s.known[k][len(kept):])
	for _, t := range targets {
		at := addr{t.IP, t.Port}
		if _, ok := stay[at]; !ok {
			continue
		}
		a := s.address(ctx, at, &sw)
		c := a.checks[k]
		if c == nil {
			c = &check{address: a}
			a.checks[k] = c
			kept = append(kept, c)
		}
		c.target = t
	}
	if s.known[k] = kept; len(kept) == 0 {
		delete(s.known, k)
	}
}

// drop forgets a check, and its address with the last one. Call it with the
// lock held.
func (s *Scheduler) drop(c *check) {
	c.gone = true
	a := c.address
	delete(a.checks, c.target.Key)
	if len(a.checks) == 0 {
		a.timer.Stop()
		delete(s.all, a.addr)
	}
}

// address returns the state of an address. A new one is first checked after a
// while that differs, so that checks are spread over time. Call it with the
// lock held.
func (s *Scheduler) address(ctx context.Context, at addr, sw *Switches) *address {
	a := s.all[at]
	if a == nil {
		a = &address{addr: at, interval: firstWait + rand.IntN(1+rand.IntN(max(1, sw.TCP.Max))), checks: map[Key]*check{}} //nolint:gosec // spreads checks over time
		a.timer = time.AfterFunc(a.wait(), func() { s.turn(ctx, a) })
		s.all[at] = a
	}
	return a
}

func (a *address) wait() time.Duration { return time.Duration(a.interval) * time.Millisecond }

// turn starts the checks of an address, and the wait for the next turn.
func (s *Scheduler) turn(ctx context.Context, a *address) {
	sw := s.o.Switches()
	mine := sw.Check && (s.o.Owns == nil || s.o.Owns(a.ip, a.port))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.all[a.addr] != a {
		return
	}
	if mine {
		for _, c := range a.checks {
			if c.underway {
				a.feed(2*a.interval, sw.params(c.target.Type))
				continue
			}
			c.underway = true
			s.work.do(func() { s.run(ctx, c) })
		}
	}
	a.timer.Reset(a.wait())
}

// feed takes the time of an answer into the average that the interval is.
func (a *address) feed(ms int, p Params) {
	least := max(p.Min, leastInterval)
	a.interval = int(p.Factor*float64(a.interval) + (1-p.Factor)*float64(ms))
	a.interval = min(max(a.interval, least), max(p.Max, least))
}

// run makes one check and records what it says.
func (s *Scheduler) run(ctx context.Context, c *check) {
	s.mu.Lock()
	t, gone := c.target, c.gone
	s.mu.Unlock()
	if gone || ctx.Err() != nil {
		return
	}
	began := time.Now()
	r := s.o.Probes[t.Type](ctx, &t)
	took := time.Since(began)
	if ctx.Err() != nil {
		return
	}
	if healthy, flip := s.record(c, &t, r.Verdict, took); flip {
		s.o.Log.Info("health changed", "service", t.Key.Group+"@@"+t.Key.Service, "namespace", t.Key.Namespace,
			"instance", t.Address, "check", t.Type, "healthy", healthy, "reason", r.Err)
		if err := s.o.Report(ctx, t, healthy); err != nil {
			s.o.Log.Warn("health not recorded", "instance", t.Address, "error", err)
			s.Changed(t.Key) // what was assumed of it is not true
		}
	}
	s.mu.Lock()
	c.underway = false
	s.mu.Unlock()
}

// record counts a verdict and says whether it changes the health of the
// instance.
func (s *Scheduler) record(c *check, t *Target, v Verdict, took time.Duration) (healthy, flip bool) {
	sw := s.o.Switches()
	p := sw.params(t.Type)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[t.Type]++
	a := c.address
	switch v {
	case Pass:
		a.feed(int(took.Milliseconds()), p)
	case Soft:
		a.feed(2*a.interval, p)
	case Hard, Unknown:
		a.feed(p.Max, p)
	}
	known := c.target.Healthy // not t's: it may have been set by hand meanwhile
	switch v {
	case Pass:
		c.bad = 0
		if known {
			return true, false
		}
		c.ok++
		flip = c.ok >= sw.Times
		healthy = true
	case Soft, Hard:
		c.ok = 0
		if !known {
			return false, false
		}
		c.bad++
		flip = v == Hard || c.bad >= sw.Times
	case Unknown:
	}
	if !flip || c.gone || !sw.Check {
		return known, false
	}
	c.ok, c.bad = 0, 0
	c.target.Healthy = healthy // until it is read again
	return healthy, true
}

// Made returns how many checks of a type were made since the start.
func (s *Scheduler) Made(kind string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[kind]
}

// Len returns how many instances are checked.
func (s *Scheduler) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.all {
		n += len(a.checks)
	}
	return n
}
