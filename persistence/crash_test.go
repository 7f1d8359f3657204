package persistence_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// crashWriters is how many goroutines of the child publish, each a config of its
// own in versions that count from 1.
const crashWriters = 8

// TestCrash kills a process that publishes, at random points. Every publish that
// was answered is there afterwards with its history row, and none is half there.
// PHAROS_CRASH_ROUNDS sets how often; make crash does it 1,000 times.
func TestCrash(t *testing.T) {
	if path := os.Getenv("PHAROS_CRASH_CHILD"); path != "" {
		publishForever(t, path)
		return
	}
	rounds := 20
	if s := os.Getenv("PHAROS_CRASH_ROUNDS"); s != "" {
		rounds = must(strconv.Atoi(s))(t)
	}
	path := filepath.Join(t.TempDir(), "p.db")
	answered := make([]int, crashWriters)
	total := 0
	for round := range rounds {
		total += crashOnce(t, path, answered)
		checkCrash(t, round, path, answered)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, %d publishes answered", rounds, total)
}

// publishForever is the child: it writes down each publish when it is answered.
func publishForever(t *testing.T, path string) {
	t.Helper()
	db := must(persistence.Open(path))(t)
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for v := stored(t, db, w) + 1; ; v++ {
				op := publish("w"+strconv.Itoa(w), strconv.Itoa(v)+" "+strings.Repeat("x", rand.IntN(9000))) // any numbers do
				op.Tags = new("t" + strconv.Itoa(v%3))
				op.Count = &persistence.Quotas{Cluster: 10, Group: 10, Tenant: 10}
				if _, err := db.Apply(t.Context(), op); err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				_, err := fmt.Fprintln(os.Stdout, "answered", w, v)
				out.Unlock()
				if err != nil {
					return // nobody listens any more
				}
			}
		})
	}
	wg.Wait()
}

// stored is the version of a writer's config in the database; 0 is none.
func stored(t *testing.T, db *persistence.DB, w int) int {
	t.Helper()
	c := must(db.Config(t.Context(), key("w"+strconv.Itoa(w))))(t)
	if c == nil {
		return 0
	}
	v, _, _ := strings.Cut(c.Content, " ")
	return must(strconv.Atoi(v))(t)
}

// crashOnce starts the child, lets it publish some, kills it, and notes what was
// answered.
func crashOnce(t *testing.T, path string, answered []int) (n int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrash$") // this very binary
	cmd.Env = append(os.Environ(), "PHAROS_CRASH_CHILD="+path)
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	after := rand.IntN(60) // any number does
	killed := false
	for n = 0; lines.Scan(); n++ {
		var w, v int
		if _, err := fmt.Sscanf(lines.Text(), "answered %d %d", &w, &v); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		answered[w] = v
		if n >= after && !killed {
			killed = true
			// Not at once: the point of time is to be any, not one after an answer.
			time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, func() { _ = cmd.Process.Kill() }) // any number does
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if !killed {
		t.Fatalf("the child ended by itself after %d answers", n)
	}
	return n
}

func checkCrash(t *testing.T, round int, path string, answered []int) {
	t.Helper()
	db := must(persistence.Open(path))(t)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	there := 0
	for w := range answered {
		v := stored(t, db, w)
		if v < answered[w] || v > answered[w]+1 {
			t.Errorf("round %d, writer %d: version %d is there, %d was answered", round, w, v, answered[w])
		}
		answered[w] = v
		if v == 0 {
			continue
		}
		there++
		k := key("w" + strconv.Itoa(w))
		c := must(db.Config(t.Context(), k))(t)
		if c.MD5 != digest(c.Content) || c.Tags == nil || *c.Tags != "t"+strconv.Itoa(v%3) {
			t.Errorf("round %d, writer %d: half a row: %d bytes, md5 %s, tags %v", round, w, len(c.Content), c.MD5, c.Tags)
		}
		h := must(db.HistoryOf(t.Context(), k, 1, 1))(t)
		if h.Total != int64(v) {
			t.Errorf("round %d, writer %d: %d rows of history for version %d", round, w, h.Total, v)
		}
		row := must(db.History(t.Context(), h.Items[0].NID))(t)
		if last := strconv.Itoa(max(v-1, 1)) + " "; !strings.HasPrefix(row.Content, last) || row.MD5 != digest(row.Content) {
			t.Errorf("round %d, writer %d: the newest history is %.20q, version %d is stored", round, w, row.Content, v)
		}
	}
	if c := must(db.Capacity(t.Context(), persistence.CapacityOf{}))(t); there > 0 && c.Usage != int64(there) {
		t.Errorf("round %d: %d configs, %d counted", round, there, c.Usage)
	}
}
