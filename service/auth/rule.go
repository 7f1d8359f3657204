package auth

import "strings"

// Action is what a caller wants to do.
type Action byte

// The actions, as permissions spell them.
const (
	Read  Action = 'r'
	Write Action = 'w'
)

// Resource is what a caller wants to do it to: a config or service by its
// place, or one of the fixed resources of the management APIs.
type Resource struct {
	Fixed string // such as "console/users"; the other fields are empty then

	Namespace string // "" is the public one
	Group     string // "" is any
	Kind      string // "naming", "config" or Reveal
	Name      string // of the service or the dataId; "" is any
}

// Reveal is the kind of the secrets of configs. A permission grants it where it
// names it, as in "prod:*:reveal/*": one on everything of before there was such a
// kind does not.
const Reveal = "reveal"

// consolePrefix marks the resources that only an administrator reaches.
const consolePrefix = "console/"

// String is the resource as Nacos composes it: namespace:group:kind/name.
func (r Resource) String() string {
	if r.Fixed != "" {
		return r.Fixed
	}
	return namespaceOf(r.Namespace) + ":" + orAny(r.Group) + ":" + r.Kind + "/" + orAny(r.Name)
}

func orAny(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// namespaceOf is the id under which rules know a namespace: the public one has
// three spellings.
func namespaceOf(id string) string {
	if id == "public" || id == "null" {
		return ""
	}
	return id
}

// rule is a stored permission, made ready to match.
type rule struct {
	role, resource, action string // as stored

	whole                  glob // for a pattern that is not of three parts
	parts                  bool
	reveals                bool // it names the kind Reveal
	namespace, group, name glob
}

// newRule reads a stored permission. Of a pattern of three parts each part is
// matched by itself: a group cannot reach over the colon. In Nacos a pattern is
// a regular expression in which "*" stands for ".*"; here "*" and ".*" are the
// only wildcards, so that the point of "app.yaml" is a point.
func newRule(role, resource, action string) rule {
	r := rule{role: role, resource: resource, action: action}
	p := strings.ReplaceAll(resource, ".*", "*")
	ns, rest, ok := strings.Cut(p, ":")
	group, name, ok2 := strings.Cut(rest, ":")
	if r.parts = ok && ok2; r.parts {
		r.namespace, r.group, r.name = newGlob(namespaceOf(ns)), newGlob(group), newGlob(name)
		r.reveals = strings.HasPrefix(name, Reveal+"/")
	} else {
		r.whole = newGlob(p)
	}
	return r
}

// allows reports whether the rule grants action on r.
func (p *rule) allows(r Resource, action Action) bool {
	if strings.IndexByte(p.action, byte(action)) < 0 || r.Kind == Reveal && !p.reveals {
		return false
	}
	if !p.parts {
		return p.whole.match(r.String())
	}
	if r.Fixed != "" { // which is nothing in a namespace
		return false
	}
	return p.namespace.match(namespaceOf(r.Namespace)) && p.group.match(orAny(r.Group)) && p.name.matchTwo(r.Kind, orAny(r.Name))
}

// partial reports whether the rule is about some groups or names of a namespace
// only, and not about all that it has of a kind. One on secrets alone shows nothing.
func (p *rule) partial() bool {
	return p.parts && !p.reveals && (!p.group.any || !p.name.any && !p.name.kind())
}

// glob is a pattern in which "*" matches any text.
type glob struct {
	any    bool // the pattern is "*" alone
	pieces []string
}

func newGlob(p string) glob {
	return glob{any: strings.Trim(p, "*") == "" && p != "", pieces: strings.Split(p, "*")}
}

// match reports whether the pattern matches all of s.
func (g glob) match(s string) bool {
	if g.any {
		return true
	}
	first, last := g.pieces[0], g.pieces[len(g.pieces)-1]
	if len(g.pieces) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range g.pieces[1 : len(g.pieces)-1] { // leftmost is as good as any
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// kind reports whether the pattern is "kind/*".
func (g glob) kind() bool {
	return len(g.pieces) == 2 && g.pieces[1] == "" && strings.IndexByte(g.pieces[0], '/') == len(g.pieces[0])-1
}

// matchTwo is match on kind/name, without composing it where the pattern is
// "*", or "kind/*" as most are.
func (g glob) matchTwo(kind, name string) bool {
	if g.any {
		return true
	}
	if len(g.pieces) == 2 && g.pieces[1] == "" && len(g.pieces[0]) == len(kind)+1 {
		return g.pieces[0][:len(kind)] == kind && g.pieces[0][len(kind)] == '/'
	}
	return g.match(kind + "/" + name)
}
