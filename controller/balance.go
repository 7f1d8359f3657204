package controller

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// loaderMetric is how busy a node is, in texts as Nacos has it.
type loaderMetric struct {
	Load string `json:"load"`
	SDK  string `json:"sdkConCount"`
	CPU  string `json:"cpu"`
	All  string `json:"conCount"`
}

type loaderNode struct {
	Address string       `json:"address"`
	Metric  loaderMetric `json:"metric"`
}

// held is how many connections of SDKs a node has.
func (n *loaderNode) held() int {
	count, _ := strconv.Atoi(n.Metric.SDK) // a number: a node of ours wrote it
	return count
}

type loaderSummary struct {
	Total     int          `json:"total"`
	Min       int          `json:"min"`
	Avg       int          `json:"avg"`
	Max       int          `json:"max"`
	Members   int          `json:"memberCount"`
	Metrics   int          `json:"metricsCount"`
	Threshold double       `json:"threshold"`
	Detail    []loaderNode `json:"detail"`
	Completed bool         `json:"completed"`
}

// thresholdOver is by how much a node may be over the average before it counts
// as loaded.
const thresholdOver = 1.1

// loadHere is how busy this node is.
func (a *API) loadHere() loaderNode {
	l := a.load()
	return loaderNode{a.o.Ops.Address(), loaderMetric{l.Average, strconv.Itoa(l.SDK), l.CPU, strconv.Itoa(l.Connections)}}
}

// loads is how busy all nodes are, of those that have answered in time.
func (a *API) loads(ctx context.Context) loaderSummary {
	s := loaderSummary{Detail: []loaderNode{a.loadHere()}}
	s.Members = len(askAll(ctx, a, question{Kind: askLoad}, func(n loaderNode) { s.Detail = append(s.Detail, n) }))
	slices.SortFunc(s.Detail, func(x, y loaderNode) int { return cmp.Compare(x.Address, y.Address) })
	s.Metrics, s.Min = len(s.Detail), s.Detail[0].held()
	for i := range s.Detail {
		n := s.Detail[i].held()
		s.Total, s.Min, s.Max = s.Total+n, min(s.Min, n), max(s.Max, n)
	}
	s.Avg = s.Total / s.Metrics
	s.Threshold, s.Completed = double(float64(s.Avg)*thresholdOver), s.Metrics == s.Members
	return s
}

func (a *API) loaderCluster(q *middleware.Request) (any, error) { return a.loads(q.Context()), nil }

// move has a node keep so many connections and ask the clients of the others to
// go to another node.
type move struct {
	From string `json:"from"`
	Keep int    `json:"keep"`
	To   string `json:"to"`
}

// moved says that a node has done its part.
type moved struct {
	Address string `json:"address"`
	Asked   int    `json:"asked"` // clients
}

// moveHere does this node's part.
func (a *API) moveHere(all []move) moved {
	m := moved{Address: a.o.Ops.Address()}
	for _, x := range all {
		if x.From == m.Address {
			m.Asked += a.shed(x.Keep, x.To)
		}
	}
	return m
}

// defaultFactor is how far a node may be from the average before it gives or
// takes connections.
const defaultFactor = 0.1

// loaderBalance pairs the nodes that have many connections with those that have
// few: as in Nacos each of the former keeps as many as are still in order, and
// sends the others to its partner.
func (a *API) loaderBalance(q *middleware.Request) (any, error) {
	factor := defaultFactor
	if text := strings.TrimSpace(q.Params.Get("loaderFactor")); text != "" {
		var err error
		if factor, err = strconv.ParseFloat(text, 64); err != nil || math.IsNaN(factor) || factor < 0 {
			return nil, service.Errorf(service.BadParam, "For input string: \"%s\"", text)
		}
	}
	moves := pairs(a.loads(q.Context()), factor)
	if len(moves) == 0 {
		return "Ok", nil
	}
	done := []string{a.moveHere(moves).Address}
	askAll(q.Context(), a, question{Kind: askMove, Moves: moves}, func(m moved) { done = append(done, m.Address) })
	for _, m := range moves {
		if !slices.Contains(done, m.From) {
			return "Fail", nil
		}
	}
	return "Ok", nil
}

// pairs says who gives connections to whom.
func pairs(s loaderSummary, factor float64) (out []move) {
	most, least := int(float64(s.Avg)*(1+factor)), int(float64(s.Avg)*(1-factor))
	var over, under []loaderNode
	for _, n := range s.Detail {
		switch held := n.held(); {
		case held > most:
			over = append(over, n)
		case held < least:
			under = append(under, n)
		}
	}
	slices.SortStableFunc(over, func(x, y loaderNode) int { return cmp.Compare(y.held(), x.held()) })
	slices.SortStableFunc(under, func(x, y loaderNode) int { return cmp.Compare(x.held(), y.held()) })
	for i := range min(len(over), len(under)) {
		out = append(out, move{From: over[i].Address, Keep: most, To: under[i].Address})
	}
	return out
}
