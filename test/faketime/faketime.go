// Package faketime is what tests under fake time share: synctest bubbles with a
// cluster in them.
package faketime

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// limit is how long members may take to meet.
const limit = 30 * time.Second

// Meet returns when each of the members is up and has been heard by each other.
// That they see each other is not enough: a member takes the others for up until
// its first call to them, which may come before they listen. In a synctest bubble
// all that follows from it has happened as well.
func Meet(tb testing.TB, members ...*cluster.Membership) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	met := func(v *cluster.View) bool {
		n := 0
		for i := range v.Members {
			m := &v.Members[i]
			if m.State == cluster.Up && m.Fails == 0 && !m.Refresh.IsZero() {
				n++
			}
		}
		return n == len(members)
	}
	for again := true; again; {
		for _, m := range members {
			if v, err := m.Wait(ctx, met); err != nil {
				tb.Fatalf("%s sees %v", m.Self(), v.Members)
			}
		}
		if inside() {
			synctest.Wait() // for calls that are under way, and for those who are told of a view
		}
		again = false
		for _, m := range members {
			again = again || !met(m.View())
		}
	}
}

// inside reports whether this is a synctest bubble: its clock begins in 2000.
func inside() bool { return time.Now().Year() < 2020 }

// Pass lets time go by, and all happen that happens until then and at that very
// moment: who only sleeps may look before the others.
func Pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // fake time
	synctest.Wait()
}
