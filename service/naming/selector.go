package naming

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/service"
)

// Labels returns the labels of an address, nil where none are known. It must be
// fast and safe for many goroutines; nil is a server without labels.
type Labels func(ip string) map[string]string

// Selector chooses which instances a consumer is shown. The zero Selector shows
// all.
type Selector struct {
	Label      bool     // by labels; else none
	Expression string   // as it was given
	Names      []string // the labels that have to be equal, sorted
}

// maxSelector bounds the parameter, in bytes: it is looked at for each instance of
// each answer.
const maxSelector = 16 << 10

// ParseSelector reads a selector parameter, which is JSON in one more URL encoding.
// Blank is the Selector that shows all.
func ParseSelector(raw string) (Selector, error) {
	switch {
	case strings.TrimSpace(raw) == "":
		return Selector{}, nil
	case len(raw) > maxSelector:
		return Selector{}, service.Errorf(service.BadSelector, "the selector is longer than %d bytes", maxSelector)
	}
	if s, err := url.QueryUnescape(raw); err == nil {
		raw = s
	}
	var in selectorJSON
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		return Selector{}, service.Wrap(service.BadSelector, err, "not match any type of selector!")
	}
	return in.selector()
}

func (in selectorJSON) selector() (Selector, error) {
	switch in.Type {
	case "none":
		return Selector{}, nil
	case "label":
		names, ok := parseExpression(in.Expression)
		if !ok {
			return Selector{}, service.Errorf(service.Internal, "Selector parses failed: parse expression failed!")
		}
		return Selector{Label: true, Expression: strings.Clone(in.Expression), Names: names}, nil
	default:
		return Selector{}, service.Errorf(service.BadSelector, "not match any type of selector!")
	}
}

// parseExpression reads CONSUMER.label.A = PROVIDER.label.A & …; white space
// means nothing.
func parseExpression(expr string) ([]string, bool) {
	const consumer, provider = "CONSUMER.label.", "PROVIDER.label."
	expr = strings.Join(strings.Fields(expr), "")
	names := []string{}
	if expr == "" {
		return names, true
	}
	for term := range strings.SplitSeq(expr, "&") {
		left, right, ok := strings.Cut(term, "=")
		if !ok {
			return nil, false
		}
		left, okL := strings.CutPrefix(left, consumer)
		right, okR := strings.CutPrefix(right, provider)
		if !okL || !okR || left != right || left == "" || strings.ContainsAny(left, "=<>!") {
			return nil, false
		}
		names = append(names, left)
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// byConsumer reports whether the choice depends on who asks.
func (s Selector) byConsumer() bool { return s.Label && len(s.Names) > 0 }

// filter returns those of picked that consumer is shown. Where none fits, or
// nothing is known of labels, all are.
func (s Selector) filter(all []*Instance, picked []int, consumer string, labels Labels) []int {
	if !s.byConsumer() || labels == nil {
		return picked
	}
	mine := labels(consumer)
	var kept []int
	for _, i := range picked {
		theirs := labels(all[i].IP)
		if theirs == nil {
			continue
		}
		equal := !slices.ContainsFunc(s.Names, func(n string) bool {
			return strings.TrimSpace(mine[n]) == "" || mine[n] != theirs[n]
		})
		if equal {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return picked
	}
	return kept
}

// AppendJSON appends s as the services show it.
func (s Selector) AppendJSON(b []byte) []byte {
	if !s.Label {
		return append(b, `{"type":"none","contextType":"NONE"}`...)
	}
	b = append(b, `{"type":"label","contextType":"CMDB","expression":`...)
	b = appendString(b, s.Expression)
	b = append(b, `,"labels":[`...)
	for i, n := range s.Names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, n)
	}
	return append(b, "]}"...)
}

// MarshalJSON implements json.Marshaler.
func (s Selector) MarshalJSON() ([]byte, error) { return s.AppendJSON(nil), nil }
