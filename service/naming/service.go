package naming

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// Writer makes a durable write: standalone it is the database's Apply, in a
// cluster a proposal to the log.
type Writer func(ctx context.Context, op persistence.Op) (persistence.Result, error)

// Options is what a Service needs. Zero durations are Nacos's defaults.
type Options struct {
	DB     *persistence.DB // durable things are loaded from here and heard of here
	Write  Writer          // nil: DB.Apply
	Log    *slog.Logger
	Labels Labels
	// Current waits until this node shows every durable write that was answered on
	// any; nil: it always does.
	Current func(ctx context.Context) error
	// Leads reports whether this node removes what is durable and of no use any
	// more; nil: it does. Of several nodes one does.
	Leads func() bool

	Expire             bool          // remove instances whose beats stop
	ClientExpired      time.Duration // idle limit of an HTTP client
	CleanEmptyInterval time.Duration
	CleanEmptyAfter    time.Duration
	CleanMetaInterval  time.Duration
	CleanMetaAfter     time.Duration

	Worker int // part of the ids that this node makes, up to MaxWorker: it sets them apart from those of other nodes
}

// Service is naming as the adapters see it.
type Service struct {
	*Registry
	o Options

	switches    atomic.Pointer[Switches]
	switchMu    sync.Mutex         // held by who replaces switches
	subscribers []func(Subscriber) // told of each new subscription
	tombs       tombs
	beats       atomic.Pointer[beatReplies]
	locks       [shards]sync.Mutex // see lockOf
	ids         snowflakes
	nextClean   time.Time // used by Run alone
}

// New returns a Service with what the database has. It starts nothing: Run does.
func New(o Options) (*Service, error) {
	if o.Write == nil && o.DB != nil {
		o.Write = o.DB.Apply
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if o.Current == nil {
		o.Current = func(context.Context) error { return nil }
	}
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	def(&o.ClientExpired, 3*time.Minute)
	def(&o.CleanEmptyInterval, time.Minute)
	def(&o.CleanEmptyAfter, time.Minute)
	def(&o.CleanMetaInterval, 5*time.Second)
	def(&o.CleanMetaAfter, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Registry: newRegistry(), o: o}
	s.cleanMetaAfter = o.CleanMetaAfter.Milliseconds()
	s.ids.worker = int64(o.Worker & MaxWorker)
	s.setSwitches(defaultSwitches())
	if o.DB == nil {
		return s, nil
	}
	return s, s.load()
}

func (s *Service) setSwitches(sw *Switches) {
	s.switches.Store(sw)
	s.beats.Store(newBeatReplies(sw))
}

// Registration is a request to publish an instance.
type Registration struct {
	Key  Key
	IP   string
	Port uint16

	Cluster   string
	Weight    float64
	Healthy   bool
	Enabled   bool
	Ephemeral bool
	Metadata  string // as the client sent it

	ShowID bool // the instance has an instanceId: v1 and gRPC

	ID        string // the instanceId, where the client has chosen it
	AnyWeight bool   // the weight may be out of range: gRPC

	By string // the user who asks for it, "" where nobody was asked
}

// instance checks the request.
func (s *Service) instance(r *Registration) (Instance, error) {
	in := Instance{
		IP: r.IP, Port: r.Port, Cluster: r.Cluster, Weight: r.Weight,
		Healthy: r.Healthy, Enabled: r.Enabled, Ephemeral: r.Ephemeral,
	}
	if in.Cluster == "" {
		in.Cluster = DefaultCluster
	}
	var err error
	if in.Metadata, err = s.interner.parse(r.Metadata); err != nil {
		return in, err
	}
	switch {
	case r.ID != "":
		id := strings.Clone(r.ID)
		in.kind, in.id = idSnowflake, &id
	case r.ShowID:
		if err := in.identify(r.Key, &s.ids); err != nil {
			return in, err
		}
	}
	if !r.AnyWeight {
		if err := in.checkWeight(); err != nil {
			return in, err
		}
	}
	return in, in.check()
}

// Register publishes an instance: until it falls silent, or for good.
func (s *Service) Register(ctx context.Context, r *Registration) error {
	in, err := s.instance(r)
	if err != nil {
		return err
	}
	if !r.Ephemeral {
		return s.registerPersistent(ctx, r.Key, in, r.By)
	}
	return s.publishEphemeral(r.Key, &in, r.By)
}

func (s *Service) publishEphemeral(k Key, in *Instance, by string) error {
	var buf [64]byte
	now := time.Now().UnixMilli()
	c := s.lockClient(appendClientID(buf[:0], in.IP, in.Port, true))
	c.used.Store(now)
	var old *Instance
	if g := c.registration(k); g != nil {
		old = g.sent
	}
	changed, err := s.publish(c, k, in, now, false)
	if g := c.registration(k); changed && g != nil {
		s.published(g.entry.key, old, g.sent, by)
	}
	if err == nil {
		s.tombs.lift(c.id, k)
		s.wheel.scheduleClient(c, now+idleClient.Milliseconds())
	}
	id := c.id
	s.releaseClient(c)
	if changed {
		s.notify(id, k)
	}
	return err
}

// Deregister takes an instance away. One that is not there is no error.
func (s *Service) Deregister(ctx context.Context, r *Registration) error {
	if _, err := s.instance(r); err != nil {
		return err
	}
	if !r.Ephemeral {
		return s.deregisterPersistent(ctx, r.Key, r.IP, r.Port, r.By)
	}
	var buf [64]byte
	id := appendClientID(buf[:0], r.IP, r.Port, true)
	if s.spread == nil && s.client(id) == nil {
		return nil
	}
	now := time.Now().UnixMilli()
	c := s.lockClient(id) // also of one that is not known: another node may have it
	g := c.registration(r.Key)
	if g != nil {
		k := tombKey{c.id, g.entry.key}
		s.tombs.add(k, now+grace.Milliseconds())
		s.wheel.bury(k, now+grace.Milliseconds())
		s.remove(c, g, now)
		s.happened(Deregistered, g.entry.key, g.sent, r.By)
		s.wheel.scheduleClient(c, now+idleClient.Milliseconds())
	}
	s.deregistered(c, r.Key, g)
	s.releaseClient(c)
	if g != nil {
		s.notify(c.id, g.entry.key)
	}
	return nil
}

// List is a request for the instances of a service.
type List struct {
	Key         Key
	Clusters    string // CSV; blank is all
	HealthyOnly bool
	Consumer    string // the address of who asks, for a selector by labels
}

// List returns the instances of a service as JSON. A service that does not exist
// has none.
func (s *Service) List(q List) *Answer {
	return s.View(q.Key).answer(question{clusters: q.Clusters, healthyOnly: q.HealthyOnly, cache: s.switches.Load().PushCacheMillis}, q.Consumer, s.o.Labels)
}

// PushData returns what a subscriber by UDP is sent of a service, as JSON. It is
// made once per change; do not change it.
func (s *Service) PushData(k Key, clusters, consumer string) []byte {
	q := question{clusters: clusters, push: true, cache: s.switches.Load().PushCacheMillis}
	return s.View(k).answer(q, consumer, s.o.Labels).Body
}
