// Package cluster knows which nodes there are and which of them answer.
//
// A node is known by its stable id; its address, ip:port of its HTTP port, is an
// attribute that may change, though it is what the ring of owners is made of.
package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// State is what this node makes of a member. The names are those of Nacos.
type State int

// The states of a member.
const (
	Starting   State = iota // it answers, but is not ready to own anything
	Up                      // it answers
	Suspicious              // it missed a few pings; it still owns what it owned
	Down                    // it does not answer, or said goodbye
	Isolation               // never set; Nacos has it
)

// String returns the name on the wire.
func (s State) String() string {
	switch s {
	case Starting:
		return "STARTING"
	case Up:
		return "UP"
	case Suspicious:
		return "SUSPICIOUS"
	case Down:
		return "DOWN"
	case Isolation:
		return "ISOLATION"
	default:
		return "UNKNOWN"
	}
}

// ParseState reads a state's name in any case.
func ParseState(name string) (State, error) {
	for s := Starting; s <= Isolation; s++ {
		if strings.EqualFold(s.String(), name) {
			return s, nil
		}
	}
	return 0, fmt.Errorf("no member state %q", name)
}

// MarshalJSON writes the name.
func (s State) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the name.
func (s *State) UnmarshalJSON(b []byte) error {
	var name string
	err := json.Unmarshal(b, &name)
	if err == nil {
		*s, err = ParseState(name)
	}
	return err
}

// Meta is what a node says of itself in each ping.
type Meta struct {
	Version    string            `json:"version"`         // of Pharos
	LogVersion int               `json:"logVersion"`      // highest log code it can apply
	GRPCPort   int               `json:"grpcPort"`        // 0: none
	Extra      map[string]string `json:"extra,omitempty"` // what else the services want known
}

// Member is one node as this node sees it.
type Member struct {
	Addr    string    // ip:port of its HTTP
	ID      string    // "" until it answered once
	State   State     //
	Fails   int       // pings missed in a row
	Refresh time.Time // when it last answered
	Meta    Meta      // as of then
}

// PeerAddr is where the member takes calls.
func (m *Member) PeerAddr() string {
	a, err := peer.AddrOf(m.Addr)
	if err != nil { // every address was checked when it came in
		return ""
	}
	return a
}

func (m *Member) alive() bool { return m.State == Up || m.State == Suspicious }

// View is all members at one moment. It is never changed.
type View struct {
	Self    string
	Members []Member // sorted by address, this node among them
	Removed bool     // this node is no longer a member

	alive   []string
	left    map[string]string // address to id
	changed chan struct{}
}

func newView(self string, members []Member, left map[string]string) *View {
	v := &View{Self: self, Members: members, left: left, changed: make(chan struct{})}
	_, v.Removed = left[self]
	slices.SortFunc(v.Members, func(a, b Member) int { return strings.Compare(a.Addr, b.Addr) })
	for i := range v.Members {
		if v.Members[i].alive() {
			v.alive = append(v.alive, v.Members[i].Addr)
		}
	}
	return v
}

// Alive lists the addresses of members that may own records, sorted. The slice
// is shared: it must not be changed.
func (v *View) Alive() []string { return v.alive }

// Changed is closed when there is a newer view.
func (v *View) Changed() <-chan struct{} { return v.changed }

// Member returns the member at addr.
func (v *View) Member(addr string) (Member, bool) {
	i, ok := slices.BinarySearchFunc(v.Members, addr, func(m Member, a string) int { return strings.Compare(m.Addr, a) })
	if !ok {
		return Member{}, false
	}
	return v.Members[i], true
}

// ByID returns the member with that id, the one that answers if an address
// left over from a move claims it too.
func (v *View) ByID(id string) (m Member, ok bool) {
	for i := range v.Members {
		if id != "" && v.Members[i].ID == id && (!ok || v.Members[i].State < m.State) {
			m, ok = v.Members[i], true
		}
	}
	return m, ok
}

// Left reports whether the node of that id, then at addr, was taken out of the
// cluster. A node that merely does not answer has not left.
func (v *View) Left(id, addr string) bool {
	was, ok := v.left[addr]
	if m, here := v.ByID(id); here && m.Addr != addr {
		return false // it moved
	}
	return ok && (was == "" || was == id)
}

// Peers lists the other members that are not down, those that start included.
func (v *View) Peers() []Member {
	out := make([]Member, 0, len(v.Members))
	for i := range v.Members {
		if m := &v.Members[i]; m.Addr != v.Self && m.State <= Suspicious {
			out = append(out, *m)
		}
	}
	return out
}

// LogVersion is the highest log version that every member is known to have. A
// member that never answered counts as 0.
func (v *View) LogVersion() int {
	least := v.Members[0].Meta.LogVersion
	for i := range v.Members {
		least = min(least, v.Members[i].Meta.LogVersion)
	}
	return least
}
