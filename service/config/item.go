package config

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// Copy is one readable version of a config: the formal one, or a gray one. It
// never changes; a publish makes a new Copy.
type Copy struct {
	Content      []byte // as stored
	MD5          string // lower-case hex of Content
	EncryptedKey string // the wrapped key of content that a client encrypted; "" is none
	Type         string // of the formal config, for gray copies too; "" is unknown
	Modified     int64  // milliseconds since 1970
	Gray         string // "" for the formal copy, "beta", or "tag_" and the tag

	About *About // of the formal config; nil for gray copies

	// Blank is content of white space alone, which reads as no config at all.
	Blank bool

	// Rendered is for the adapters: what one has made of this copy once. It goes
	// with the copy.
	Rendered atomic.Value
}

// modified is when it was written.
func (c *Copy) modified() time.Time { return time.UnixMilli(c.Modified).UTC() }

// Tag is the tag that a tag copy is for, "" for other copies.
func (c *Copy) Tag() string {
	tag, ok := strings.CutPrefix(c.Gray, persistence.TagPrefix)
	if !ok {
		return ""
	}
	return tag
}

// Item is all that is known of a config in memory. It never changes.
type Item struct {
	Formal *Copy // nil where there are gray copies only
	grays  []gray
}

type gray struct {
	rule
	source string // the rule as stored
	*Copy
}

// GrayName is the name of the copy that a publish with a tag or for beta
// addresses is about; "" is the formal one.
func GrayName(tag, betaIPs string) string {
	switch {
	case !blank(betaIPs):
		return persistence.BetaName
	case !blank(tag):
		return persistence.TagPrefix + strings.TrimSpace(tag)
	default:
		return ""
	}
}

// Copy is a copy of a config by its name, which is "" for the formal one; nil
// where there is none.
func (s *Service) Copy(k Key, gray string) *Copy {
	it := s.cache.Get(k)
	switch {
	case it == nil:
		return nil
	case gray == "":
		return it.Formal
	}
	c, _ := it.grayNamed(gray)
	return c
}

// MD5 is the digest of a copy of a config, "" where there is none.
func (s *Service) MD5(k Key, gray string) string {
	if c := s.Copy(k, gray); c != nil {
		return c.MD5
	}
	return ""
}

// View is the copy that v sees: the first gray one whose rule matches, else the
// formal one. It is nil where there is none.
func (it *Item) View(v Viewer) *Copy {
	if it == nil {
		return nil
	}
	if g := it.gray(v); g != nil {
		return g
	}
	return it.Formal
}

// gray is the gray copy that v sees, nil where no rule matches.
func (it *Item) gray(v Viewer) *Copy {
	for i := range it.grays {
		if it.grays[i].matches(v) {
			return it.grays[i].Copy
		}
	}
	return nil
}

// MD5 is the digest of what v sees, "" where there is nothing.
func (it *Item) MD5(v Viewer) string {
	if c := it.View(v); c != nil {
		return c.MD5
	}
	return ""
}

// withFormal is the item with another formal copy. Gray copies carry the type
// of the formal one, so they are made anew when it changes.
func (it *Item) withFormal(c *Copy) *Item {
	n := &Item{Formal: c}
	if it == nil {
		return n
	}
	n.grays = it.grays
	if len(n.grays) > 0 && (it.Formal == nil || it.Formal.Type != c.Type) {
		n.grays = slices.Clone(n.grays)
		for i := range n.grays {
			n.grays[i].Copy = n.grays[i].retyped(c.Type)
		}
	}
	return n
}

func (c *Copy) retyped(t string) *Copy {
	return &Copy{
		Content: c.Content, MD5: c.MD5, EncryptedKey: c.EncryptedKey, Type: t,
		Modified: c.Modified, Gray: c.Gray, Blank: c.Blank,
	}
}

// withGray is the item with the gray copy of that name put in or replaced.
func (it *Item) withGray(g gray) *Item {
	n := &Item{}
	if it != nil {
		n.Formal = it.Formal
		n.grays = slices.DeleteFunc(slices.Clone(it.grays), func(x gray) bool { return x.Gray == g.Gray })
	}
	if n.Formal != nil {
		g.Type = n.Formal.Type
	}
	n.grays = append(n.grays, g)
	slices.SortFunc(n.grays, func(a, b gray) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.Gray, b.Gray))
	})
	return n
}

// withoutGray is the item without the gray copy of that name, nil if nothing is
// left.
func (it *Item) withoutGray(name string) *Item {
	if it == nil {
		return nil
	}
	n := &Item{Formal: it.Formal}
	n.grays = slices.DeleteFunc(slices.Clone(it.grays), func(x gray) bool { return x.Gray == name })
	if n.Formal == nil && len(n.grays) == 0 {
		return nil
	}
	return n
}

// grayNamed is the gray copy of that name and its rule as stored, nil and "" if
// there is none.
func (it *Item) grayNamed(name string) (*Copy, string) {
	if it == nil {
		return nil, ""
	}
	for i := range it.grays {
		if it.grays[i].Gray == name {
			return it.grays[i].Copy, it.grays[i].source
		}
	}
	return nil, ""
}

// sameContent reports whether nobody sees a difference between two items.
func sameContent(a, b *Item) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.grays, b.grays, func(x, y gray) bool { return x.Gray == y.Gray && x.MD5 == y.MD5 && x.source == y.source }) &&
		(a.Formal == nil) == (b.Formal == nil) && (a.Formal == nil || a.Formal.MD5 == b.Formal.MD5)
}
