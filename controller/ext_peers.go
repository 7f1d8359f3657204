package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// Who listens, who is connected and how much was pushed is known to the node that
// holds the connection alone. What the console shows of it is asked of all nodes.

// PeerAnswer is what another node has to say.
type PeerAnswer struct {
	Address string // of its HTTP
	Body    []byte
	Err     error
}

// question is what one node's console asks the others.
type question struct {
	Kind      string         `json:"kind"`
	User      *string        `json:"user,omitempty"` // who asks, where rights count; nil sees everything
	Config    config.Key     `json:"config"`
	Service   naming.Key     `json:"service,omitzero"`
	Keys      []config.Key   `json:"keys,omitempty"`
	IP        string         `json:"ip,omitempty"`
	ID        string         `json:"id,omitempty"`
	Listeners listenerFilter `json:"listeners,omitzero"`
	Clients   clientFilter   `json:"clients,omitzero"`
	Topology  topologyFilter `json:"topology,omitzero"`
	Rows      int            `json:"rows,omitempty"`  // the first ones are enough
	Moves     []move         `json:"moves,omitempty"` // of connections, each for the node that it names
	Tell      []string       `json:"tell,omitempty"`  // addresses of connections
	Relocate  relocation     `json:"relocate,omitzero"`
}

// The kinds of questions.
const (
	askState     = "state"
	askListeners = "listeners" // of one config
	askLists     = "lists"     // of all configs
	askCounts    = "counts"    // of listeners
	askWatched   = "watched"   // by one address
	askClients   = "clients"
	askClient    = "client"
	askActivity  = "activity"
	askLoad      = "load"
	askHappened  = "happened"
	askUses      = "uses"
	askMove      = "move"
	askRepush    = "repush"
	askSessions  = "sessions"
	askRelocate  = "relocate" // one client
)

// peerTime bounds the wait for other nodes: a person waits, too.
const peerTime = time.Second

// maxGathered bounds the rows that one node gives for a list of all nodes, and so
// how far behind the beginning of such a list one can look.
const maxGathered = 10_000

// AnswerPeer answers what another node's console asks. Who asks has been let in
// there.
func (a *API) AnswerPeer(_ context.Context, body []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	q.Rows = min(max(q.Rows, 0), maxGathered)
	answer := a.answerTo(&q)
	if answer == nil {
		return nil, service.Errorf(service.Unsupported, "this node knows nothing of %q", q.Kind)
	}
	return json.Marshal(answer)
}

// answerTo is nil where there is no answer: the module is off, or the question is
// of another version.
func (a *API) answerTo(q *question) any {
	who := viewer{q.User, a.o.Auth}
	switch {
	case q.Kind == askState:
		return a.thisNode()
	case q.Kind == askActivity:
		return a.activityHere(who)
	case q.Kind == askLoad:
		return a.loadHere()
	case q.Kind == askMove:
		return a.moveHere(q.Moves)
	case q.Kind == askSessions:
		return a.sessionsHere(q.User)
	case q.Kind == askRelocate:
		return a.relocateHere(q.Relocate)
	case a.off(middleware.Naming):
	case q.Kind == askClients:
		return a.clientsHere(&q.Clients, who, q.Rows)
	case q.Kind == askClient:
		return a.clientHere(q.ID, who)
	case q.Kind == askHappened:
		return a.happenedHere(q.Service)
	case q.Kind == askUses:
		return a.usesHere(&q.Topology, who)
	}
	if a.off(middleware.Config) {
		return nil
	}
	switch q.Kind {
	case askListeners:
		return a.listenerLines(q.Config)
	case askLists:
		return a.listenersHere(&q.Listeners, who, q.Rows)
	case askCounts:
		return a.listeningHere(q.Config.Tenant, q.Keys)
	case askWatched:
		return a.watchedHere(q.IP)
	case askRepush:
		return a.repushHere(q.Config, q.Tell)
	default:
		return nil
	}
}

// askPeers asks all other nodes.
func (a *API) askPeers(ctx context.Context, q question) []PeerAnswer {
	if a.o.Peers == nil {
		return nil
	}
	b, err := json.Marshal(q)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	return a.o.Peers(ctx, b)
}

// nodeAnswer says whether a node has told what it knows.
type nodeAnswer struct {
	Address string `json:"address"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
}

// askAll asks all other nodes and has take see the answers, one after the other.
// It returns who has answered, this node among them.
func askAll[T any](ctx context.Context, a *API, q question, take func(T)) []nodeAnswer {
	nodes := []nodeAnswer{{Address: a.o.Ops.Address(), OK: true}}
	for _, p := range a.askPeers(ctx, q) {
		var answer T
		err := p.Err
		if err == nil {
			err = json.Unmarshal(p.Body, &answer)
		}
		if err != nil {
			nodes = append(nodes, nodeAnswer{p.Address, false, "it did not answer"})
			continue
		}
		nodes = append(nodes, nodeAnswer{Address: p.Address, OK: true})
		take(answer)
	}
	if a.o.Members != nil {
		for _, m := range a.o.Members() {
			if !slices.ContainsFunc(nodes, func(n nodeAnswer) bool { return n.Address == m.Address }) {
				nodes = append(nodes, nodeAnswer{m.Address, false, "it is down"})
			}
		}
	}
	slices.SortFunc(nodes, func(x, y nodeAnswer) int { return cmp.Compare(x.Address, y.Address) })
	return nodes
}

// viewer is who looks at a list, on whichever node he asked for it.
type viewer struct {
	user *string // nil: one who sees everything
	auth *auth.Service
}

func (a *API) viewerOf(q *middleware.Request) viewer {
	if !q.Guarded() {
		return viewer{}
	}
	return viewer{&q.User, a.o.Auth}
}

// sees reports whether he may read r.
func (v viewer) sees(r auth.Resource) bool {
	return v.user == nil || v.auth.Authorize(*v.user, r, auth.Read) == nil
}

// gathered is a page of a list of all nodes, with who has answered.
type gathered[T any] struct {
	rowsPage[T]
	Nodes []nodeAnswer `json:"nodes"`
}

// someRows are the first rows of a list, and how many there are.
type someRows[T any] struct {
	Total int `json:"total"`
	Rows  []T `json:"rows"`
}

func (s *someRows[T]) add(more someRows[T]) {
	s.Total += more.Total
	s.Rows = append(s.Rows, more.Rows...)
}

// page cuts a page out of the first rows of all nodes, of each as many as a.first
// says: those that come first of all are among them.
func (s *someRows[T]) page(rows, pageNo, size int, compare func(a, b T) int, nodes []nodeAnswer) gathered[T] {
	from, to := window(min(len(s.Rows), rows), pageNo, size)
	shown := service.Window(s.Rows, from, to, compare)
	if shown == nil {
		shown = []T{}
	}
	return gathered[T]{pagesV3(s.Total, pageNo, size, shown), nodes}
}

// first is how many rows of each node a page needs.
func (a *API) first(pageNo, size int) int {
	most := maxGathered
	if a.o.Members == nil {
		most = math.MaxInt
	}
	return int(min(int64(pageNo)*int64(size), int64(most)))
}
