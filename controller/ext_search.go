package controller

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// hit is something that a search has found.
type hit struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	Name      string `json:"name"`
	Detail    string `json:"detail"`
	Snippet   string `json:"snippet"`
	Line      int    `json:"line"`

	rank int
}

// Bounds of a search: what is looked for, what is shown, and of how many the best
// are chosen at once.
const (
	maxQuery   = 100
	maxHits    = 200
	maxFound   = 2000
	maxSnippet = 200
)

// The kinds of hits.
const (
	hitConfig    = "config"
	hitContent   = "content"
	hitService   = "service"
	hitInstance  = "instance"
	hitNamespace = "namespace"
	hitUser      = "user"
)

// finding collects what is found.
type finding struct {
	q     *middleware.Request
	text  string // in lower case
	kinds []string
	ns    *string // of configs: "" is the public one; nil: all
	hits  []hit
	cut   bool
}

func (s *finding) wants(kind string) bool {
	return slices.Contains(s.kinds, kind) || len(s.kinds) == 0 && kind != hitContent
}

// add adds a hit whose best name is name; false where it does not match.
func (s *finding) add(h hit, names ...string) {
	best := -1
	for _, n := range names {
		if i := strings.Index(strings.ToLower(n), s.text); i >= 0 && (best < 0 || i < best) {
			best = min(i, 1) // begins with it, or has it somewhere
		}
	}
	if best < 0 {
		return
	}
	h.rank = best
	if s.hits = append(s.hits, h); len(s.hits) == 2*maxFound {
		s.hits, s.cut = service.Window(s.hits, 0, maxFound, compareHits), true
	}
}

// compareHits has the best first.
func compareHits(a, b hit) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
}

func (a *API) extSearch(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := &finding{q: q, text: strings.ToLower(strings.TrimSpace(f.notBlank("q"))), kinds: words(f.text("kinds")), ns: f.namespaceFilter()}
	limit := f.limit(maxHits)
	if len(s.text) > maxQuery {
		f.fail(service.BadParam, "q is longer than %d bytes", maxQuery)
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := a.searchNames(s); err != nil {
		return nil, err
	}
	if !a.off(middleware.Naming) {
		a.searchNaming(s)
	}
	if !a.off(middleware.Config) {
		if err := a.searchConfigNames(s); err != nil {
			return nil, err
		}
	}
	s.cut = s.cut || len(s.hits) > limit
	s.hits = service.Window(s.hits, 0, limit, compareHits)
	if s.hits == nil {
		s.hits = []hit{}
	}
	return map[string]any{"items": s.hits, "truncated": s.cut}, nil
}

// searchNames looks at namespaces and users.
func (a *API) searchNames(s *finding) error {
	if s.wants(hitNamespace) {
		all, err := a.o.Namespaces.List(s.q.Context())
		if err != nil {
			return err
		}
		for _, n := range all {
			id := shownNamespace(n.ID)
			s.add(hit{Kind: hitNamespace, Namespace: id, Name: n.Name, Detail: id}, n.Name, id)
		}
	}
	if s.wants(hitUser) && s.q.Sees(fixed("console/users")) {
		for _, u := range a.o.Auth.UsersContaining("") {
			s.add(hit{Kind: hitUser, Name: u}, u)
		}
	}
	return nil
}

func (a *API) searchNaming(s *finding) {
	if !s.wants(hitService) && !s.wants(hitInstance) {
		return
	}
	ns := ""
	if s.ns != nil {
		ns = shownNamespace(*s.ns)
	}
	numeric := strings.ContainsAny(s.text, "0123456789")
	views := a.o.Naming.Shown(func(k naming.Key) bool { return ns == "" || k.Namespace == ns })
	for _, v := range views {
		k := v.Key
		named := s.wants(hitService) && strings.Contains(strings.ToLower(v.Grouped), s.text)
		if !named && (!numeric || !s.wants(hitInstance)) || !s.q.Sees(serviceResource(k)) {
			continue
		}
		if named {
			s.add(hit{Kind: hitService, Namespace: k.Namespace, Group: k.Group, Name: k.Service}, k.Service, k.Group)
		}
		if !numeric || !s.wants(hitInstance) {
			continue
		}
		for _, in := range v.Instances {
			if at := naming.Address(in.IP, in.Port); strings.Contains(at, s.text) {
				s.add(hit{Kind: hitInstance, Namespace: k.Namespace, Group: k.Group, Name: k.Service, Detail: at}, at)
			}
		}
	}
}

// searchConfigNames looks at the names of configs, and at their contents where
// that is asked for.
func (a *API) searchConfigNames(s *finding) error {
	if !s.wants(hitConfig) && !s.wants(hitContent) {
		return nil
	}
	found, err := a.o.Config.Configs(s.q.Context(), s.ns)
	if err != nil {
		return err
	}
	for _, x := range found {
		a.searchConfig(s, x)
	}
	return nil
}

func (a *API) searchConfig(s *finding, x config.Found) {
	k, about := x.Key, x.About()
	lower := func(t string) bool { return strings.Contains(strings.ToLower(t), s.text) }
	named := s.wants(hitConfig) && (lower(k.DataID) || lower(k.Group) || lower(about.AppName) || lower(about.Desc))
	if !named && !s.wants(hitContent) || !s.q.Sees(configResource(*k)) {
		return
	}
	h := hit{Kind: hitConfig, Namespace: shownNamespace(k.Tenant), Group: k.Group, Name: k.DataID, Detail: describe(x)}
	if named {
		s.add(h, k.DataID, k.Group, about.AppName, about.Desc)
	}
	if !s.wants(hitContent) {
		return
	}
	content := x.Item.Formal.Content
	line, text, ok := lineWith(content, s.text)
	if ok && a.o.Mask != nil { // the palette shows no secret, whoever looks
		line, text, ok = lineWith([]byte(a.o.Mask.Hide(string(content)).Shown), s.text)
	}
	if ok {
		h.Kind, h.Line, h.Snippet = hitContent, line, text
		s.add(h, text)
	}
}

// describe is a config in a few words.
func describe(x config.Found) string {
	var parts []string
	for _, p := range []string{x.Item.Formal.Type, x.About().AppName, x.About().Desc} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// lineWith is the first line that has text in any case, and its number from 1.
func lineWith(content []byte, text string) (n int, line string, ok bool) {
	if !bytes.Contains(bytes.ToLower(content), []byte(text)) {
		return 0, "", false
	}
	for l := range bytes.Lines(content) {
		n++
		if bytes.Contains(bytes.ToLower(l), []byte(text)) {
			line = strings.ToValidUTF8(strings.TrimSpace(string(l)), "\uFFFD")
			if r := []rune(line); len(r) > maxSnippet {
				at := max(0, len([]rune(line[:max(0, strings.Index(strings.ToLower(line), text))]))-maxSnippet/2)
				line = string(r[at:min(len(r), at+maxSnippet)])
			}
			return n, line, true
		}
	}
	return 0, "", false
}
