package naming

import (
	"hash/maphash"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"weak"
)

// Metadata is an immutable set of named texts, sorted by name. Nil is the empty
// one. Instances with the same metadata share one.
type Metadata struct {
	pairs []Pair
	raw   string // what it was parsed from, "" where it was not parsed
}

// Pair is one entry of a Metadata.
type Pair struct {
	Name, Value string
	Null        bool // given as a JSON null, and shown as one
}

// Names that mean something to the server. They stay visible.
const (
	metaInterval    = "preserved.heart.beat.interval"
	metaTimeout     = "preserved.heart.beat.timeout"
	metaDelete      = "preserved.ip.delete.timeout"
	metaGenerator   = "preserved.instance.id.generator"
	metaClientBeats = "enableClientBeat"
)

// Len returns the number of entries.
func (m *Metadata) Len() int {
	if m == nil {
		return 0
	}
	return len(m.pairs)
}

// Get returns the value of name and whether there is one that is not null.
func (m *Metadata) Get(name string) (string, bool) {
	if m == nil {
		return "", false
	}
	for i := range m.pairs {
		if m.pairs[i].Name == name {
			return m.pairs[i].Value, !m.pairs[i].Null
		}
	}
	return "", false
}

// Pairs returns the entries in the order of their names. They are not the
// caller's to change.
func (m *Metadata) Pairs() []Pair {
	if m == nil {
		return nil
	}
	return m.pairs
}

// NewMetadata returns the Metadata of pairs; of a name given twice the last one
// counts.
func NewMetadata(pairs []Pair) *Metadata {
	if len(pairs) == 0 {
		return nil
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	out := pairs[:0]
	for i, p := range pairs {
		if i+1 < len(pairs) && pairs[i+1].Name == p.Name {
			continue
		}
		out = append(out, p)
	}
	return &Metadata{pairs: slices.Clip(out)}
}

// MetadataOf returns the Metadata of a map.
func MetadataOf(kv map[string]string) *Metadata {
	pairs := make([]Pair, 0, len(kv))
	for k, v := range kv {
		pairs = append(pairs, Pair{Name: k, Value: v})
	}
	return NewMetadata(pairs)
}

// Map returns the entries as a map; nulls are left out.
func (m *Metadata) Map() map[string]string {
	out := make(map[string]string, m.Len())
	for _, p := range m.Pairs() {
		if !p.Null {
			out[p.Name] = p.Value
		}
	}
	return out
}

// Equal reports whether both have the same entries.
func (m *Metadata) Equal(o *Metadata) bool {
	return m == o || slices.Equal(m.Pairs(), o.Pairs())
}

// with returns m with the entries of top set over it.
func (m *Metadata) with(top *Metadata) *Metadata {
	switch {
	case top.Len() == 0:
		return m
	case m.Len() == 0:
		return top
	}
	return NewMetadata(slices.Concat(m.pairs, top.pairs))
}

// without returns m without the names that gone has.
func (m *Metadata) without(gone *Metadata) *Metadata {
	if m.Len() == 0 || gone.Len() == 0 {
		return m
	}
	return NewMetadata(slices.DeleteFunc(slices.Clone(m.pairs), func(p Pair) bool {
		return slices.ContainsFunc(gone.pairs, func(g Pair) bool { return g.Name == p.Name })
	}))
}

// AppendJSON appends m as a JSON object.
func (m *Metadata) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, p := range m.Pairs() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, p.Name)
		b = append(b, ':')
		if p.Null {
			b = append(b, "null"...)
		} else {
			b = appendString(b, p.Value)
		}
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler.
func (m *Metadata) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil), nil }

// shown is a duration as instances show it: the entry if it is all digits.
func (m *Metadata) shown(name string, def int64) int64 {
	if v, ok := m.Get(name); ok && digits(v) {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	return def
}

// counted is a duration as the checks take it: a text that is no number is 0.
func (m *Metadata) counted(name string, def int64) int64 {
	v, ok := m.Get(name)
	if !ok {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// interner keeps one Metadata for each text that clients send: services of one
// framework send the same one from thousands of instances.
type interner struct {
	seed   maphash.Seed
	shards [shards]internShard
}

type internShard struct {
	mu sync.Mutex // guards m
	m  map[string]weak.Pointer[Metadata]
}

func newInterner() *interner {
	in := &interner{seed: maphash.MakeSeed()}
	for i := range in.shards {
		in.shards[i].m = map[string]weak.Pointer[Metadata]{}
	}
	return in
}

// parse returns the Metadata of a parameter.
func (in *interner) parse(raw string) (*Metadata, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, nil //nolint:nilnil // nil is the empty Metadata
	}
	s := &in.shards[maphash.String(in.seed, raw)%shards]
	s.mu.Lock()
	m := s.m[raw].Value()
	s.mu.Unlock()
	if m != nil {
		return m, nil
	}
	raw = strings.Clone(raw)
	m, err := ParseMetadata(raw)
	if err != nil || m == nil {
		return nil, err
	}
	m.raw = raw
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[raw] = weak.Make(m)
	runtime.AddCleanup(m, s.forget, raw)
	return m, nil
}

// MetadataLength reads metadata as clients send it and returns the number of
// characters of its names and values, in UTF-16 as Java counts.
func (s *Service) MetadataLength(raw string) (int, error) {
	m, err := s.interner.parse(raw)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range m.Pairs() {
		n += chars(p.Name) + chars(p.Value)
	}
	return n, nil
}

// chars is the length of a text that is not blank, else 0.
func chars(s string) int {
	if strings.TrimSpace(s) == "" {
		return 0
	}
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// forget drops an entry that nobody uses any more.
func (s *internShard) forget(raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[raw].Value() == nil {
		delete(s.m, raw)
	}
}
