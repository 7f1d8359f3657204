// Package bulk keeps plans of many acts: what each of them would do is said before
// any is done, and how each went can be read while the rest is done. A plan lives
// in the memory of the node that made it, and for a short time only.
package bulk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"
)

// Bounds of plans.
const (
	MaxItems = 1000             // of one plan
	Lifetime = 10 * time.Minute // until it is applied, and after it was
	perUser  = 20               // plans; the oldest makes room
	maxPlans = 200              // of all users
)

// Why a plan is not to be had, or not to be applied.
var (
	ErrUnknown = errors.New("there is no such plan")
	ErrExpired = errors.New("the plan has expired")
	ErrWaiting = errors.New("the plan was not applied yet")
	ErrFull    = errors.New("too many plans are being applied")
)

// State is how far a plan is.
type State string

// The states.
const (
	Planned  State = "planned"
	Applying State = "applying"
	Applied  State = "applied"
)

// Outcome is how one item went.
type Outcome string

// The outcomes.
const (
	Waiting  Outcome = "waiting"
	Done     Outcome = "done"
	Skipped  Outcome = "skipped"  // there was nothing to do
	Conflict Outcome = "conflict" // it is not as it was when the plan was made
	Denied   Outcome = "denied"
	Failed   Outcome = "failed"
)

// Effect is what an act would do to its target.
type Effect string

// The effects.
const (
	Create Effect = "create"
	Update Effect = "update"
	Delete Effect = "delete"
	None   Effect = "none"
)

// Warning is something to know of an item before it is done.
type Warning struct {
	Key    string            `json:"key"`
	Params map[string]string `json:"params"`
}

// Item is one act of a plan as its user is shown it.
type Item struct {
	Target   any       `json:"target"`
	Effect   Effect    `json:"effect"`
	Before   any       `json:"before"` // nil: there is nothing, or it is not to be seen
	After    any       `json:"after"`
	Warnings []Warning `json:"warnings"`
	Allowed  bool      `json:"allowed"`
	Outcome  Outcome   `json:"outcome"`
	Error    string    `json:"error,omitempty"`
}

// Result is how an act went.
type Result[T any] struct {
	Outcome Outcome
	Error   string // for its user; "" where there is none
	Undo    *T     // what brings back what was; nil: nothing does
}

// Plan is a list of acts. Its methods may be called at any time.
type Plan[T any] struct {
	id, user, action, undoes string

	mu      sync.Mutex // guards the following fields
	made    time.Time
	expires time.Time
	state   State
	done    int
	items   []Item
	acts    []T
	undos   []T
}

// View is a plan at one moment.
type View struct {
	ID       string          `json:"planId"`
	Action   string          `json:"action"`
	Undoes   string          `json:"undoes,omitempty"` // the plan that this one takes back
	State    State           `json:"state"`
	Made     int64           `json:"made"`    // unix ms
	Expires  int64           `json:"expires"` // unix ms
	Done     int             `json:"done"`
	Of       int             `json:"of"`
	Undoable int             `json:"undoable"` // acts that a plan to undo would take back
	Effects  map[Effect]int  `json:"effects"`
	Outcomes map[Outcome]int `json:"outcomes"`
	Refused  int             `json:"refused"` // items that the user may not do
	Items    []Item          `json:"items"`
}

// View is the plan now.
func (p *Plan[T]) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{
		ID: p.id, Action: p.action, Undoes: p.undoes, State: p.state, Made: p.made.UnixMilli(), Expires: p.expires.UnixMilli(), Done: p.done, Of: len(p.items),
		Undoable: len(p.undos), Effects: map[Effect]int{}, Outcomes: map[Outcome]int{}, Items: slices.Clone(p.items),
	}
	for i := range p.items {
		v.Effects[p.items[i].Effect]++
		v.Outcomes[p.items[i].Outcome]++
		if !p.items[i].Allowed {
			v.Refused++
		}
	}
	return v
}

// Pending are the acts that Apply would do.
func (p *Plan[T]) Pending() (out []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != Planned {
		return nil
	}
	for i, act := range p.acts {
		if p.items[i].Effect != None { // it is never written again
			out = append(out, act)
		}
	}
	return out
}

// Apply does the acts of the plan, one after the other, by do. It is done once: of a
// plan that is being applied, or was, nothing is done again. It returns ErrExpired
// where the plan is too old.
func (p *Plan[T]) Apply(do func(act T) Result[T]) error {
	p.mu.Lock()
	switch {
	case p.state != Planned:
		p.mu.Unlock()
		return nil
	case time.Now().After(p.expires):
		p.mu.Unlock()
		return ErrExpired
	}
	p.state = Applying
	acts := p.acts
	p.mu.Unlock()
	defer p.end()
	for i := range acts {
		r := Result[T]{Outcome: Skipped}
		if p.items[i].Effect != None { // it is never written again
			r = do(acts[i])
		}
		p.note(i, r)
	}
	return nil
}

// end is also for an act that panics: the plan is not applied for ever.
func (p *Plan[T]) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.acts, p.expires = Applied, nil, time.Now().Add(Lifetime)
}

func (p *Plan[T]) note(i int, r Result[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.items[i].Outcome, p.items[i].Error = r.Outcome, r.Error
	if r.Undo != nil {
		p.undos = append(p.undos, *r.Undo)
	}
}

// Undo is what takes back what was done, the last act first. It returns ErrWaiting
// of a plan that is not applied to its end.
func (p *Plan[T]) Undo() ([]T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != Applied {
		return nil, ErrWaiting
	}
	undos := slices.Clone(p.undos)
	slices.Reverse(undos)
	return undos, nil
}

// gone reports whether nobody needs the plan any more.
func (p *Plan[T]) gone(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state != Applying && now.After(p.expires.Add(Lifetime)) // until then it is said that it has expired
}

func (p *Plan[T]) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == Applying
}

// Plans are those of one node.
type Plans[T any] struct {
	mu    sync.Mutex // guards all; goes before that of a plan
	plans []*Plan[T] // the oldest first
}

// New returns no plans.
func New[T any]() *Plans[T] { return &Plans[T]{} }

// Add makes a plan of a user. There are at most MaxItems items, with an act each.
// The oldest plans make room, but not those that are being applied.
func (s *Plans[T]) Add(user, action, undoes string, items []Item, acts []T) (*Plan[T], error) {
	now := time.Now()
	p := &Plan[T]{id: newID(), user: user, action: action, undoes: undoes, made: now, expires: now.Add(Lifetime), state: Planned, items: items, acts: acts}
	for i := range p.items {
		p.items[i].Outcome = Waiting
		if p.items[i].Warnings == nil {
			p.items[i].Warnings = []Warning{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = slices.DeleteFunc(s.plans, func(p *Plan[T]) bool { return p.gone(now) })
	own := func(p *Plan[T]) bool { return p.user == user }
	all := func(*Plan[T]) bool { return true }
	if !s.room(perUser, own) || !s.room(maxPlans, all) {
		return nil, ErrFull
	}
	s.plans = append(s.plans, p)
	return p, nil
}

// room takes away the oldest of those that count until there is room for one more
// below most.
func (s *Plans[T]) room(most int, counts func(*Plan[T]) bool) bool {
	n := 0
	for _, p := range s.plans {
		if counts(p) {
			n++
		}
	}
	for ; n >= most; n-- {
		i := slices.IndexFunc(s.plans, func(p *Plan[T]) bool { return counts(p) && !p.busy() })
		if i < 0 {
			return false
		}
		s.plans = slices.Delete(s.plans, i, i+1)
	}
	return true
}

// Get is a plan of a user. Others' plans are unknown to him.
func (s *Plans[T]) Get(user, id string) (*Plan[T], error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.plans {
		if p.id == id && p.user == user && !p.gone(now) {
			return p, nil
		}
	}
	return nil, ErrUnknown
}

// newID is a name that nobody guesses.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
