package console

import (
	"sync"
	"time"
)

// leadsKept bounds the changes of leader that are remembered: an election every
// minute fills half an evening, and what is older helps nobody.
const leadsKept = 200

// Lead says who has led the log from a moment on.
type Lead struct {
	At     time.Time
	Leader string // address of its HTTP; "" for nobody
	Term   uint64
}

// Leaders remembers who has led the log, as far as this node has seen it.
type Leaders struct {
	mu   sync.Mutex // guards the following field
	list []Lead
}

// Observe takes down who leads now. It reports whether that is another one than
// before; that there is none before there was any is no news.
func (l *Leaders) Observe(now Lead) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.list); n == 0 && now.Leader == "" || n > 0 && l.list[n-1].Leader == now.Leader {
		return false
	}
	l.list = shift(append(l.list, now), leadsKept)
	return true
}

// Last is who leads now, and since when. It is blank where nobody ever has.
func (l *Leaders) Last() Lead {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return Lead{}
	}
	return l.list[len(l.list)-1]
}

// Between are the changes from one moment to another, in their order.
func (l *Leaders) Between(from, to time.Time) []Lead {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Lead{}
	for _, x := range l.list {
		if !x.At.Before(from) && !x.At.After(to) {
			out = append(out, x)
		}
	}
	return out
}
