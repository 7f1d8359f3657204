package naming

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// callSubscribers asks a node who subscribes there.
const callSubscribers = "naming.subscribers"

// askTime is how long another node is waited for, where what it has is shown
// beside this node's own.
const askTime = time.Second

// matching is what services are asked about: those of a namespace whose group and
// name contain these texts.
type matching struct {
	Namespace string `json:"namespace"`
	Group     string `json:"group"`
	Service   string `json:"service"`
}

func (m matching) match(k Key) bool {
	return k.Namespace == m.Namespace && strings.Contains(k.Service, m.Service) && strings.Contains(k.Group, m.Group)
}

// SubscribersLike returns who subscribes to the services of k's namespace whose
// group and name contain those of k: here, and where everywhere is set, on the
// nodes that answer.
func (s *Service) SubscribersLike(ctx context.Context, k Key, everywhere bool) []Subscriber {
	m := matching(k)
	all := s.FindSubscribers(m.match)
	if s.spread == nil || !everywhere {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex // guards all
	for _, x := range s.spread.Members.View().Peers() {
		wg.Go(func() {
			more, err := peer.Call[matching, []Subscriber](ctx, s.spread.Peer, x.PeerAddr(), callSubscribers, m)
			if err != nil {
				s.spread.log.Debug("the subscribers of a node are not known", "node", x.Addr, "error", err)
			}
			mu.Lock()
			all = append(all, more...)
			mu.Unlock()
		})
	}
	wg.Wait()
	slices.SortFunc(all, orderSubscribers)
	return slices.Compact(all) // who asked two nodes is one
}

// orderSubscribers is by service and address.
func orderSubscribers(a, b Subscriber) int {
	return cmp.Or(strings.Compare(a.Key.Namespace, b.Key.Namespace), strings.Compare(a.Key.Group, b.Key.Group),
		strings.Compare(a.Key.Service, b.Key.Service), strings.Compare(a.ClientID, b.ClientID), strings.Compare(a.Clusters, b.Clusters))
}

func (s *Service) serveSubscribers() {
	peer.Handle(s.spread.Peer, callSubscribers, func(_ context.Context, m matching) ([]Subscriber, error) {
		return s.FindSubscribers(m.match), nil
	})
}
