package peer

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A forwarded request says by when it has to be begun, in the words of the clock
// of the node that is to serve it: a process that was stopped and goes on, or a
// network that was cut and heals, delivers what its caller has long given up,
// and a write must not be made then. The clocks need not agree. Each node's own
// counts from the start of its process; with every answer it tells the time, so
// that the other knows of an instant of its own that it was no earlier over
// there. Whatever delays an answer makes that bound weaker, and the limit
// earlier, never later.

// readingLife is for how long a reading of another clock is kept while no better
// one comes: two clocks drift apart by some ten microseconds in a second.
const readingLife = time.Minute

// clock is the time of one process.
type clock struct {
	run   string // tells this process from others at the same address
	began time.Time
}

func newClock() clock { return clock{run: rand.Text()[:10], began: time.Now()} }

// text is the time now, rounded down.
func (c clock) text() string { return c.at(time.Since(c.began)) }

func (c clock) at(d time.Duration) string {
	return c.run + "-" + strconv.FormatInt(d.Milliseconds(), 10)
}

// passed reports whether a limit is over. One that is not of this clock is: how
// old it is, nobody knows.
func (c clock) passed(limit string) bool {
	run, at, ok := parseTime(limit)
	return !ok || run != c.run || time.Since(c.began) > at
}

func parseTime(text string) (run string, at time.Duration, ok bool) {
	run, ms, found := strings.Cut(text, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !found || err != nil || n > int64(1<<62/time.Millisecond) || n < -int64(1<<62/time.Millisecond) {
		return "", 0, false
	}
	return run, time.Duration(n) * time.Millisecond, true
}

// clocks is what a node knows of the clocks of others.
type clocks struct {
	base time.Time

	mu sync.Mutex // guards the following field
	at map[string]reading
}

// reading says that the clock of a process shows base + ahead or later, at the
// time that is base here.
type reading struct {
	run   string
	ahead time.Duration
	taken time.Time
}

func newClocks() *clocks { return &clocks{base: time.Now(), at: map[string]reading{}} }

// hear takes in the time that the node at addr told in an answer that came now.
func (c *clocks) hear(addr, text string) {
	run, at, ok := parseTime(text)
	if !ok {
		return
	}
	now := time.Now()
	r := reading{run: run, ahead: at - now.Sub(c.base), taken: now}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.at[addr]; old.run != run || r.ahead >= old.ahead || now.Sub(old.taken) > readingLife {
		c.at[addr] = r
	}
}

// limit is an instant of this node's in the words of the clock at addr, or
// something that no clock says when that was never heard.
func (c *clocks) limit(addr string, t time.Time) string {
	c.mu.Lock()
	r := c.at[addr]
	c.mu.Unlock()
	return clock{run: r.run}.at(t.Sub(c.base) + r.ahead)
}

func (c *clocks) forget(addr string) {
	c.mu.Lock()
	delete(c.at, addr)
	c.mu.Unlock()
}
