package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Defaults of Options.
const (
	DefaultPingEvery   = time.Second
	DefaultPingTimeout = time.Second
	// DefaultFailLimit is nacos.core.member.fail-access-cnt: a member is down
	// after more missed pings than that.
	DefaultFailLimit = 3

	// DefaultFirstLoads is nacos.core.address-server.retry: attempts at a source, a
	// second apart, before the start fails.
	DefaultFirstLoads = 5
)

// Options are what New needs. Peer is nil on a node that is alone for good.
type Options struct {
	ID     string // stable, from the data directory
	Self   string // ip:port of this node's HTTP
	Peer   *peer.Node
	Source Source      // nil is a list of nobody else
	Join   []string    // members to ask for admission, besides the listed ones
	Roster string      // file for members learned while running; "" keeps none
	Meta   func() Meta // what to tell the others; called at each ping, and must not block or ask the membership
	Logger *slog.Logger

	PingEvery   time.Duration // 0 is the default, here and below
	PingTimeout time.Duration
	FailLimit   int
	FirstLoads  int
}

// Membership is this node's view of the cluster.
//
// Lock order: change, then mu.
type Membership struct {
	opt     Options
	view    atomic.Pointer[View]
	kick    chan struct{} // asks for a round of pings now
	relook  chan struct{} // asks for a look at the source now
	observe []func(before, after *View)

	change sync.Mutex // held while a change is made and announced

	mu      sync.Mutex // guards the following fields
	source  Source
	listed  []string // what source said last, as far as it is believed
	seen    []string // at the last look
	members map[string]*Member
	aliases map[string]bool // other addresses of this very node
	roster  roster
	state   State // of this node
	pinging map[string]bool
}

// New returns a membership of what is known without asking anybody: the node
// itself and the roster. Load adds what the source lists.
func New(o Options) (*Membership, error) {
	if _, err := parseAddr(o.Self, 0); err != nil {
		return nil, fmt.Errorf("this node's address: %w", err)
	}
	if o.ID == "" || o.Logger == nil || o.Meta == nil {
		return nil, errors.New("cluster: id, logger and meta are needed")
	}
	if o.Source == nil {
		o.Source = Static(nil)
	}
	o.PingEvery = orDefault(o.PingEvery, DefaultPingEvery)
	o.PingTimeout = orDefault(o.PingTimeout, DefaultPingTimeout)
	o.FailLimit = orDefault(o.FailLimit, DefaultFailLimit)
	o.FirstLoads = orDefault(o.FirstLoads, DefaultFirstLoads)
	r, err := loadRoster(o.Roster)
	if err != nil {
		return nil, err
	}
	m := &Membership{
		opt: o, kick: make(chan struct{}, 1), relook: make(chan struct{}, 1),
		source: o.Source, members: map[string]*Member{}, aliases: map[string]bool{}, roster: r, pinging: map[string]bool{},
	}
	if o.Peer == nil {
		m.state = Up
	} else {
		m.serve()
	}
	m.update(func() {})
	return m, nil
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// View is the membership now. An operation reads it once.
func (m *Membership) View() *View { return m.view.Load() }

// Self is this node's address.
func (m *Membership) Self() string { return m.opt.Self }

// OnChange has fn called after each change, in order. fn must not block and
// must not change the membership. Call it before Run.
func (m *Membership) OnChange(fn func(before, after *View)) { m.observe = append(m.observe, fn) }

// Wait returns the first view for which ok is true.
func (m *Membership) Wait(ctx context.Context, ok func(*View) bool) (*View, error) {
	for {
		v := m.View()
		if ok(v) {
			return v, nil
		}
		select {
		case <-v.Changed():
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

// SetState says what this node is: Starting until it can answer for what it
// owns, then Up; Leave sets Down.
func (m *Membership) SetState(s State) {
	m.update(func() { m.state = s })
	m.ping()
}

// SourceName names the source in use.
func (m *Membership) SourceName() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.source.Name()
}

// SetSource takes another source from now on.
func (m *Membership) SetSource(s Source) {
	m.mu.Lock()
	m.source = s
	m.mu.Unlock()
	signal(m.relook)
}

// Remove takes the member at addr out of the cluster, everywhere. It comes back
// only by an explicit join.
func (m *Membership) Remove(addr string) error {
	if addr == m.opt.Self {
		return errors.New("a node is removed by another one")
	}
	if _, ok := m.View().Member(addr); !ok {
		return fmt.Errorf("no member %s", addr)
	}
	m.update(func() {
		if x := m.members[addr]; x != nil {
			m.roster.say(addr, true, x.ID)
		}
	})
	m.ping()
	return nil
}

// update changes the membership by fn, computes the view and tells observers.
func (m *Membership) update(fn func()) {
	m.change.Lock()
	defer m.change.Unlock()
	m.mu.Lock()
	before := maps.Clone(m.roster)
	fn()
	m.settle()
	v := m.compute()
	var save roster
	if !maps.Equal(before, m.roster) {
		save = maps.Clone(m.roster)
	}
	m.mu.Unlock()
	if save != nil {
		if err := save.save(m.opt.Roster); err != nil {
			m.opt.Logger.Error("membership is not on disk", "error", err)
		}
	}
	old := m.view.Swap(v)
	if old == nil {
		return
	}
	close(old.changed)
	for _, a := range old.Members {
		if _, ok := v.Member(a.Addr); !ok && m.opt.Peer != nil {
			m.opt.Logger.Info("member left", "addr", a.Addr)
			m.opt.Peer.Forget(a.PeerAddr())
		}
	}
	for _, fn := range m.observe {
		fn(old, v)
	}
}

// settle makes members what the list and the roster say. Called with mu held.
func (m *Membership) settle() {
	want := map[string]State{}
	for _, a := range m.listed {
		if !m.roster[a].Left {
			want[a] = Up // until a ping says otherwise, as in Nacos
		}
	}
	for a, e := range m.roster {
		if _, ok := want[a]; !ok && !e.Left {
			want[a] = Starting
		}
	}
	delete(want, m.opt.Self)
	for a := range m.aliases {
		delete(want, a)
	}
	for a := range m.members {
		if _, ok := want[a]; !ok {
			delete(m.members, a)
		}
	}
	for a, s := range want {
		if m.members[a] == nil {
			m.members[a] = &Member{Addr: a, State: s, ID: m.roster[a].ID}
		}
	}
}

func (m *Membership) compute() *View {
	all := make([]Member, 0, len(m.members)+1)
	for _, x := range m.members {
		all = append(all, *x)
	}
	self := m.me()
	left := map[string]string{}
	for a, e := range m.roster {
		if e.Left {
			left[a] = e.ID
		}
	}
	return newView(m.opt.Self, append(all, self), left)
}

// me is this node as it describes itself. Called with mu held.
func (m *Membership) me() Member {
	return Member{Addr: m.opt.Self, ID: m.opt.ID, State: m.state, Refresh: time.Now(), Meta: m.opt.Meta()}
}

// Load reads the source until it answers, FirstLoads times at most.
func (m *Membership) Load(ctx context.Context) error {
	var err error
	for range m.opt.FirstLoads {
		if err = m.look(ctx, true); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return fmt.Errorf("who is in the cluster is not known: %w", err)
}

// Run keeps the membership up to date until ctx ends.
func (m *Membership) Run(ctx context.Context) error {
	if m.opt.Peer == nil {
		<-ctx.Done()
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { m.admission(ctx); return nil })
	g.Go(func() error { m.watch(ctx); return nil })
	g.Go(func() error { m.pings(ctx); return nil })
	return g.Wait()
}

// watch looks at the source again and again.
func (m *Membership) watch(ctx context.Context) {
	var failed error
	for {
		m.mu.Lock()
		every := m.source.Every()
		m.mu.Unlock()
		var tick <-chan time.Time
		if every > 0 {
			tick = time.After(every)
		}
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-m.relook:
			asked = true
		}
		err := m.look(ctx, asked)
		if err != nil && ctx.Err() == nil && (failed == nil || failed.Error() != err.Error()) {
			m.opt.Logger.Warn("member list is not readable, the last one stays", "error", err)
		}
		failed = err
	}
}

// look reads the source and takes over what changed. Unless asked to, it
// believes a change only when the next look finds the same: a file may be seen
// half written, and what it lacks is taken for an operator's removal.
func (m *Membership) look(ctx context.Context, asked bool) error {
	m.mu.Lock()
	s, before, seen := m.source, m.listed, m.seen
	m.mu.Unlock()
	list, err := s.Load(ctx)
	if err != nil {
		return err
	}
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	for _, a := range list {
		if _, err := parseAddr(a, 0); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.seen = list
	m.mu.Unlock()
	if slices.Equal(list, before) || !asked && !slices.Equal(list, seen) {
		return nil
	}
	m.update(func() { m.relist(before, list, s.Decides()) })
	m.ping()
	return nil
}

// relist takes over a list. What changed since the last one is news for all
// nodes; the first list of this process is not.
func (m *Membership) relist(before, list []string, decides bool) {
	if before == nil {
		m.listed = list
		return
	}
	for _, a := range list {
		if !slices.Contains(before, a) && m.roster[a].Left {
			m.roster.say(a, false, "")
		}
	}
	keep := slices.Clone(list)
	for _, a := range before {
		if slices.Contains(list, a) || a == m.opt.Self {
			continue
		}
		if decides {
			m.roster.say(a, true, "")
		} else if x := m.members[a]; x != nil && x.State != Down {
			keep = append(keep, a)
		}
	}
	slices.Sort(keep)
	m.listed = keep
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
