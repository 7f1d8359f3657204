package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// flags are what stood on the command line.
type flags struct {
	config string           // --config
	said   map[string]entry // by the name of the key
}

// parseFlags reads the command line. Values are checked later, with all others.
func parseFlags(args []string, keys []key) (flags, error) {
	f := flags{said: map[string]entry{}}
	set := flag.NewFlagSet("pharos", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.config, "config", "", "")
	for _, k := range keys {
		if k.flag == "" {
			continue
		}
		record := func(name string) func(string) error {
			return func(v string) error {
				f.said[k.name] = entry{value: v, source: "flag " + name}
				return nil
			}
		}
		set.Func(k.flag, "", record("--"+k.flag))
		if k.short != "" {
			set.Func(k.short, "", record("-"+k.short))
		}
	}
	set.Func("set", "", func(kv string) error { return f.set(kv, keys) })
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return f, err
		}
		return f, fmt.Errorf("command line: %w; allowed is what `pharos help` lists", err)
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("command line: %q is no flag; allowed is what `pharos help` lists", set.Arg(0))
	}
	return f, nil
}

// set is --set key=value.
func (f flags) set(kv string, keys []key) error {
	name, v, found := strings.Cut(kv, "=")
	if !found {
		return errors.New("allowed is key=value")
	}
	k, found := find(strings.TrimSpace(name), keys)
	if !found {
		return errors.New("there is no such key; `pharos config` lists all")
	}
	f.said[k.name] = entry{value: v, source: "flag --set"}
	return nil
}

// find is the key that name spells.
func find(name string, keys []key) (key, bool) {
	for _, k := range keys {
		for _, s := range k.spellings() {
			if s == name || (!k.exact && relaxed(s) == relaxed(name)) {
				return k, true
			}
		}
	}
	return key{}, false
}

// FlagHelp lists the flags, one a line.
func FlagHelp() string {
	s := Default()
	var b strings.Builder
	line := func(name, doc string) { fmt.Fprintf(&b, "  %-24s %s\n", name, doc) }
	for _, k := range flatten(s.sections()) {
		if k.flag == "" {
			continue
		}
		name := "--" + k.flag
		if k.short != "" {
			name += ", -" + k.short
		}
		doc := k.doc
		if d := k.shown(); d != "" {
			doc += " (" + d + ")"
		}
		line(name+" V", doc)
	}
	line("--config PATH", "a Nacos application.properties, or the folder it is in (conf in the data directory, then in the working directory)")
	line("--set KEY=V", "any key; may be repeated")
	return b.String()
}
