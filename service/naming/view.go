package naming

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// View is what a service shows at one moment: its instances with their overlays,
// sorted by address, and its service-metadata record. It is never changed. What
// is rendered of it is kept with it.
type View struct {
	Key       Key
	Grouped   string
	Exists    bool
	Ephemeral bool
	Instances []*Instance
	Meta      *Meta // nil: the service has no record

	healthy, disabled int // of Instances

	base atomic.Pointer[Answer] // the answer to who asks for everything

	digest atomic.Uint64 // 0: not worked out yet

	mu      sync.Mutex // guards the following fields
	hosts   []byte     // all instances as JSON, with commas between them
	ends    []int      // where each of them ends in hosts
	prev    *View      // the View before, for what it has rendered
	answers map[question]*Answer
}

// question is what a list depends on besides the View.
type question struct {
	clusters    string
	healthyOnly bool
	push        bool
	stream      bool  // for a connection: the service's bare name
	unsaid      bool  // without the clusters
	cache       int64 // cacheMillis
}

// maxAnswers bounds the answers that are kept of one View.
const maxAnswers = 16

// View returns what the service of k shows now. It is never nil.
func (r *Registry) View(k Key) *View {
	if e := r.entry(k); e != nil {
		return e.current()
	}
	return &View{Key: k, Grouped: k.Grouped()}
}

// current returns the View of e, building it if something has changed.
func (e *entry) current() *View {
	if v := e.view.Load(); v != nil {
		return v
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := e.view.Load(); v != nil {
		return v
	}
	v := &View{
		Key: e.key, Grouped: e.grouped, Exists: e.exists, Ephemeral: e.ephemeral,
		Meta: e.meta, Instances: make([]*Instance, 0, len(e.regs)),
	}
	for _, g := range e.regs {
		in := g.now.Load()
		if v.shows(in) {
			continue
		}
		v.Instances = append(v.Instances, in)
		if in.Healthy {
			v.healthy++
		}
		if !in.Enabled {
			v.disabled++
		}
	}
	if e.last != nil {
		v.prev = e.last.retire()
	}
	e.last = v
	e.view.Store(v)
	return v
}

// shows reports whether an instance that looks the same is in v, which is being
// built. Two connections may publish one: that of a client and the one before it.
func (v *View) shows(in *Instance) bool {
	for _, o := range slices.Backward(v.Instances) {
		switch {
		case o.IP != in.IP || o.Port != in.Port:
			return false
		case o.same(in):
			return true
		}
	}
	return false
}

// retire cuts the chain of Views behind v, and returns the newest one that has
// rendered its hosts.
func (v *View) retire() *View {
	v.mu.Lock()
	defer v.mu.Unlock()
	prev := v.prev
	v.prev, v.answers = nil, nil
	if v.ends != nil {
		return v
	}
	return prev
}

// selection is the outcome of the rules for who is shown.
type selection struct {
	picked    []int // indexes into View.Instances, in order
	protected bool  // too few are healthy: all are shown as healthy
}

// pick applies the rules: clusters, enabled, healthy, and where the service has a
// record its selector and its protection threshold. consumer is the address of
// who asks, for a selector by labels.
func (v *View) pick(q question, consumer string, labels Labels) selection {
	var s selection
	healthy := 0
	for i, in := range v.Instances {
		if !in.Enabled || !inClusters(q.clusters, in.Cluster) {
			continue
		}
		if in.Healthy {
			healthy++
		} else if q.healthyOnly {
			continue
		}
		s.picked = append(s.picked, i)
	}
	if v.Meta == nil {
		return s
	}
	if kept := v.Meta.Selector.filter(v.Instances, s.picked, consumer, labels); len(kept) != len(s.picked) {
		s.picked, healthy = kept, 0
		for _, i := range kept {
			if v.Instances[i].Healthy {
				healthy++
			}
		}
	}
	if len(s.picked) > 0 { // the reference divides floats; 0/0 is below nothing
		s.protected = float32(healthy)/float32(len(s.picked)) <= max(v.Meta.Threshold, 0)
	}
	return s
}

// inClusters reports whether cluster is one of a list in CSV; blank is all.
func inClusters(csv, cluster string) bool {
	if strings.TrimSpace(csv) == "" {
		return true
	}
	for c := range strings.SplitSeq(csv, ",") {
		if c == cluster {
			return true
		}
	}
	return false
}

// Select returns the instances that a consumer is shown, and whether they are
// shown as healthy because too few are.
func (v *View) Select(clusters string, healthyOnly bool, consumer string, labels Labels) (hosts []*Instance, protected bool) {
	s := v.pick(question{clusters: clusters, healthyOnly: healthyOnly}, consumer, labels)
	hosts = make([]*Instance, len(s.picked))
	for n, i := range s.picked {
		in := v.Instances[i]
		if s.protected && !in.Healthy {
			up := *in
			up.Healthy = true
			in = &up
		}
		hosts[n] = in
	}
	return hosts, s.protected
}

// Clusters returns the names of the clusters that have instances, sorted.
func (v *View) Clusters() []string {
	var names []string
	for _, in := range v.Instances {
		if !slices.Contains(names, in.Cluster) {
			names = append(names, in.Cluster)
		}
	}
	slices.Sort(names)
	return names
}
