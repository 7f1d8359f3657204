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

// Trial is who would see a gray copy of k if one were published for these
// addresses, or for this tag where there are none. It reports for each viewer
// whether the rule names it, and whether it would see the copy: of several rules
// that name it the first one counts.
func (s *Service) Trial(k Key, tag, betaIPs string) func(Viewer) (named, sees bool) {
	name := GrayName(tag, betaIPs)
	stored := persistence.TagRule(strings.TrimSpace(tag))
	if name == persistence.BetaName {
		stored = persistence.BetaRule(betaIPs)
	}
	r, _ := compile(stored) // of a kind that is known
	it := s.cache.Get(k).withGray(gray{r, stored.String(), &Copy{Gray: name}})
	return func(v Viewer) (named, sees bool) {
		c := it.gray(v)
		return r.matches(v), c != nil && c.Gray == name
	}
}
