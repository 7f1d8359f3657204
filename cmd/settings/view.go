package settings

// Shown is a key as an operator may see it.
type Shown struct {
	Section string // title
	Key     string
	Value   string // masked where it is a secret
	Source  string
	Secret  bool
	Doc     string
}

// Each calls fn with every key, in the order of the documentation, but those that
// are shown only when they are set and are not.
func (l *Loaded) Each(fn func(Shown)) {
	for _, sec := range l.all {
		for _, k := range sec.keys {
			if source := l.source(k.name); !k.quiet || source != sourceDefault {
				fn(Shown{sec.title, k.name, k.shown(), source, k.secret, k.doc})
			}
		}
	}
}

// Derived calls fn with what follows from the keys.
func (l *Loaded) Derived(fn func(key, value string)) {
	l.printDerived(func(key, value, _ string) { fn(key, value) })
}
