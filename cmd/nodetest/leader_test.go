package nodetest_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
)

// leading is what a node says of who leads.
type leading struct {
	Needed, All bool
	Leader      string
	Term        uint64
	Since       int64
}

func leadingOf(t *testing.T, m *nodetest.Member) (l leading) {
	t.Helper()
	consoleOf(t, m, "/leader", nil, &l)
	return l
}

type leaderMark struct {
	At     int64
	Leader string
}

// changed is what a node's console is told next.
type changed struct {
	Epoch  string
	Seq    uint64
	Topics []string
}

func changesOf(t *testing.T, m *nodetest.Member, since changed, wait int) (c changed) {
	t.Helper()
	status, body := m.Get(consolePath+"/changes", query("epoch", since.Epoch, "seq", strconv.FormatUint(since.Seq, 10), "wait", strconv.Itoa(wait), "topics", "nodes"))
	answer := struct{ Data *changed }{&c}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatal(status, body)
	}
	return c
}

// Whoever looks at a page is told within seconds that nobody leads any more, and
// that somebody does again; both are marked at their times.
func TestLeaderIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publish(t, l.Nodes[0], "a", "1")
		first := leader(t, l)
		for _, m := range l.Nodes {
			l.Eventually(5*time.Second, func() bool {
				got := leadingOf(t, m)
				return got.Needed && got.All && got.Leader == l.Nodes[first].Addr() && got.Term > 0 && got.Since > 0
			})
		}
		last, other := l.Nodes[(first+1)%3], l.Nodes[(first+2)%3]
		other.Crash()
		time.Sleep(20 * time.Second) // that is told and done with
		before := changesOf(t, last, changed{}, 0)
		lost := time.Now()
		l.Nodes[first].Crash()
		for told := before; leadingOf(t, last).Leader != ""; {
			if told = changesOf(t, last, told, 10); len(told.Topics) == 0 {
				t.Fatal("nobody is told that the leader is lost")
			}
		}
		if took := time.Since(lost); took > 5*time.Second {
			t.Errorf("that the leader is lost is told after %v", took)
		}
		if got := leadingOf(t, last); !got.Needed || time.UnixMilli(got.Since).Before(lost) {
			t.Errorf("without a leader: %+v", got)
		}
		other.Start()
		l.Eventually(30*time.Second, func() bool { return leadingOf(t, last).Leader != "" })
		var marks struct {
			Releases []struct{ DataID, Kind string }
			Leaders  []leaderMark
		}
		consoleOf(t, last, "/marks", query("from", strconv.FormatInt(lost.UnixMilli(), 10)), &marks)
		if n := len(marks.Leaders); n < 2 || marks.Leaders[n-1].Leader != "" || marks.Leaders[0].Leader != leadingOf(t, last).Leader || len(marks.Releases) != 0 {
			t.Errorf("after the loss: %+v", marks)
		}
		consoleOf(t, last, "/marks", nil, &marks)
		newestFirst := func(x, y leaderMark) int { return cmp.Compare(y.At, x.At) }
		if len(marks.Releases) != 1 || marks.Releases[0].DataID != "a" || !slices.IsSortedFunc(marks.Leaders, newestFirst) {
			t.Errorf("of the day: %+v", marks)
		}
	})
}
