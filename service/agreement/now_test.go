package agreement_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/test/faketime"
)

// now is what a node finds at once: "key mine theirs member", and who is silent.
func (n *node) now(ctx context.Context) (differ, silent []string) {
	differ, silent = []string{}, []string{}
	r := n.Now(ctx)
	for _, d := range r.Differences {
		differ = append(differ, fmt.Sprint(d.Key, " ", d.Mine, " ", d.Theirs, " ", d.Addr))
	}
	for _, p := range r.Peers {
		if (p.Err != nil) != p.At.IsZero() {
			silent = append(silent, "both: "+p.Addr)
		}
		if p.Err != nil {
			silent = append(silent, p.Addr)
		}
	}
	return differ, silent
}

// A comparison that is asked for finds what differs now, not what is just being
// written, names who is silent, and mends nothing.
func TestNow(t *testing.T) {
	t.Parallel()
	inLab(t, 3, func(l *lab) {
		want := func(what string, differ, silent []string) {
			t.Helper()
			faketime.Pass(1100 * time.Millisecond) // what was just written says nothing yet
			d, s := l.nodes[0].now(l.t.Context())
			if diff := cmp.Diff([][]string{differ, silent}, [][]string{d, s}); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		none := []string{}
		want("alike", none, none)
		l.nodes[1].set("key7", 99)
		l.nodes[2].set("key8", 0)
		l.nodes[2].set("new", 5)
		asked := l.nodes[0].asked.Load()
		differ := []string{"key7 8 99 " + addr(1), "key8 9 0 " + addr(2), "new 0 5 " + addr(2)}
		want("three keys", differ, none)
		if l.nodes[0].asked.Load() != asked {
			t.Error("a comparison mends")
		}
		written := time.AfterFunc(1600*time.Millisecond, func() { l.nodes[2].set("key8", 9) })
		want("while one is being written", []string{differ[0], differ[2]}, none)
		written.Stop()
		l.net.Isolate(host(1), host(0), host(2))
		want("one that is cut off", differ[2:], []string{addr(1)})
		l.nodes[2].starting.Store(true)
		want("one that starts", none, []string{addr(1), addr(2)})
		l.nodes[0].starting.Store(true)
		want("itself", none, []string{addr(1), addr(2)})
	})
}
