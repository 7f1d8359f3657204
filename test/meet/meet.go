// Package meet brings the members of a cluster in memory together.
package meet

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// limit is how long members may take to meet.
const limit = 30 * time.Second

// All returns when each of the members is up and has been heard by each other.
// That they see each other is not enough: a member takes the others for up until
// its first call to them, which may come before they listen. In a synctest bubble
// all that follows from it has happened as well.
func All(tb testing.TB, members ...*cluster.Membership) {
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
		if bubble() {
			synctest.Wait() // for calls that are under way, and for those who are told of a view
		}
		again = false
		for _, m := range members {
			again = again || !met(m.View())
		}
	}
}

// bubble reports whether this is a synctest bubble: its clock begins in 2000.
func bubble() bool { return time.Now().Year() < 2020 }
