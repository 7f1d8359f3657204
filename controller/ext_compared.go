package controller

import (
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/agreement"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// sight is what a node makes of another one.
type sight struct {
	Address string `json:"address"`
	State   string `json:"state"`
	Seen    int64  `json:"lastSeen"` // unix ms, 0: never
}

// sights are what this node makes of the others.
func (a *API) sights() []sight {
	if a.o.Members == nil {
		return nil
	}
	out := []sight{}
	for _, m := range a.o.Members() {
		if !m.Self {
			out = append(out, sight{m.Address, m.State, m.Seen})
		}
	}
	return out
}

// comparedNodes is what a comparison of all nodes has found.
type comparedNodes struct {
	At    int64        `json:"at"`
	Items []unlike     `json:"items"`
	More  bool         `json:"more"` // there are others
	Nodes []nodeAnswer `json:"nodes"`
}

// unlike is a service or a config that is not the same on all nodes.
type unlike struct {
	concern

	States []nodeDigest `json:"states"`
}

// nodeDigest is what a node has of it.
type nodeDigest struct {
	Address string `json:"address"`
	Digest  string `json:"digest"` // "" where it has nothing
}

// maxUnlike bounds the services and configs that a comparison names.
const maxUnlike = 200

// extCompared compares all nodes now.
func (a *API) extCompared(q *middleware.Request) (any, error) {
	self := a.o.Ops.Address()
	v := comparedNodes{Items: []unlike{}, Nodes: []nodeAnswer{{Address: self, OK: true}}}
	var r agreement.Report
	if a.o.Agreement != nil {
		r = a.o.Agreement.Now(q.Context())
	}
	v.At, v.More = time.Now().UnixMilli(), r.More
	for _, p := range r.Peers {
		n := nodeAnswer{Address: p.Addr, OK: p.Err == nil}
		if p.Err != nil {
			n.Error = "it did not answer, or is not ready"
		}
		v.Nodes = append(v.Nodes, n)
	}
	for len(r.Differences) > 0 { // they are sorted: those of a key follow each other
		n, first := 1, &r.Differences[0]
		for n < len(r.Differences) && r.Differences[n].Kind == first.Kind && r.Differences[n].Key == first.Key {
			n++
		}
		of := r.Differences[:n]
		r.Differences = r.Differences[n:]
		c, seen := concernOf(q, first)
		switch {
		case !seen:
		case len(v.Items) == maxUnlike:
			v.More = true
			return v, nil
		default:
			v.Items = append(v.Items, unlike{c, statesOf(self, of, r.Peers)})
		}
	}
	return v, nil
}

// concernOf is what a difference is about, and whether the caller may know of it.
func concernOf(q *middleware.Request, d *agreement.Difference) (c concern, seen bool) {
	if k, ok := config.ParseGroupKey(d.Key); ok && d.Kind == "config" {
		return concern{"config", shownNamespace(k.Tenant), k.Group, k.DataID}, q.Sees(configResource(k))
	}
	parts := strings.SplitN(d.Key, "@@", 3) //nolint:mnd // namespace, group and name
	if d.Kind != "naming" || len(parts) < 3 {
		return concern{}, false
	}
	k := naming.Key{Namespace: parts[0], Group: parts[1], Service: parts[2]}
	return concern{"service", k.Namespace, k.Group, k.Service}, q.Sees(serviceResource(k))
}

// statesOf are what the nodes that were compared have of one key: a node that does
// not differ has what this one has.
func statesOf(self string, of []agreement.Difference, peers []agreement.Compared) []nodeDigest {
	mine := hexOf(of[0].Mine)
	out := []nodeDigest{{self, mine}}
	for _, p := range peers {
		if p.Err != nil {
			continue
		}
		theirs := mine
		for i := range of {
			if of[i].Addr == p.Addr {
				theirs = hexOf(of[i].Theirs)
			}
		}
		out = append(out, nodeDigest{p.Addr, theirs})
	}
	return out
}
