package settings

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes every key with its value and where that came from, secrets masked.
func (l *Loaded) Print(w io.Writer) error {
	var b bytes.Buffer // which takes every write
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(key, value, source string) {
		text := key + "\t= " + oneLine(value)
		if source != "" {
			text += "\t" + source
		}
		_, _ = io.WriteString(tw, text+"\n")
	}
	heading := func(title string) { _, _ = io.WriteString(tw, "# "+title+"\n") }
	for _, sec := range l.all {
		heading(sec.title)
		for _, k := range sec.keys {
			if source := l.source(k.name); !k.quiet || source != sourceDefault {
				line(k.name, k.shown(), "("+source+")")
			}
		}
	}
	heading("What follows")
	l.printDerived(line)
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// printDerived writes what follows from the keys.
func (l *Loaded) printDerived(line func(key, value, source string)) {
	s := l.Settings
	line("mode", s.Cluster.mode(), "")
	line("properties file", orNone(l.File), "")
	line("cluster.conf", orNone(s.Cluster.ConfFile), "")
	line("ports", fmt.Sprintf("HTTP %d, gRPC %d, peers %d (cluster only), console %d (0 is off)",
		s.Server.Port, s.Server.GRPCPort(), s.Server.PeerPort(), s.Console.Port), "")
	line("authorization", fmt.Sprintf("SDK calls %s, management %s", s.Auth.Client(), s.Auth.Management()), "")
	line("ignored", orNone(strings.Join(l.Ignored, ", ")), "")
}

// mode is what Standalone says, as a word.
func (c Cluster) mode() string {
	if c.Standalone {
		return ModeStandalone
	}
	return ModeCluster
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
