package config

import (
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/persistence"
)

// Viewer is what of a client decides which copy it sees.
type Viewer struct {
	IP  string
	Tag string
}

// rule is a persistence.GrayRule made ready to match.
type rule struct {
	beta     []string
	tag      string
	priority int64
}

// compile reports false for kinds of rules that are not known here: nobody sees
// their copies.
func compile(r persistence.GrayRule) (rule, bool) {
	switch r.Type {
	case "beta":
		return rule{beta: strings.Split(r.Expr, ","), priority: r.Priority}, true
	case "tag":
		return rule{tag: r.Expr, priority: r.Priority}, true
	default:
		return rule{}, false
	}
}

// matches compares whole strings, untrimmed, as the reference does.
func (r *rule) matches(v Viewer) bool {
	if r.beta != nil {
		return v.IP != "" && slices.Contains(r.beta, v.IP)
	}
	return v.Tag != "" && v.Tag == r.tag
}
