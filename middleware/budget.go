package middleware

import (
	"io"
	"sync/atomic"

	"github.com/pharos-registry/pharos/service"
)

// free is what each body may have beside the budget, in bytes: beats,
// registrations and nearly all else never ask for more.
const free = trusted

// errBusy is a body for which there is no room now.
var errBusy = service.Errorf(service.TooMany, "too many large request bodies are under way; try again in a moment")

// budget is the memory that all bodies which are being received may take together:
// each is bounded by itself, but anybody may send many at once, and slowly.
type budget struct{ left atomic.Int64 }

func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// metered is a body that draws on a budget as its bytes arrive: what is only
// announced costs nothing. One request uses it, from one goroutine.
type metered struct {
	io.ReadCloser

	budget *budget
	read   int64 // bytes
	taken  int64 // of them out of the budget
	busy   bool  // there was no room for more
}

// Read implements io.Reader.
func (m *metered) Read(p []byte) (int, error) {
	if m.busy {
		return 0, errBusy
	}
	n, err := m.ReadCloser.Read(p)
	m.read += int64(n)
	if over := m.read - free - m.taken; over > 0 {
		if !m.budget.take(over) {
			m.busy = true
			return 0, errBusy
		}
		m.taken += over
	}
	return n, err
}

// release gives back what was taken, when the body has come or nobody waits for
// the rest of it.
func (m *metered) release() {
	m.budget.left.Add(m.taken)
	m.taken = 0
}
