package health

import "sync"

// pool runs functions, a bounded number at once. What waits is bounded by the
// caller: each check waits once at most.
type pool struct {
	limit int
	tasks sync.WaitGroup

	mu      sync.Mutex // guards the following fields
	running int
	queue   []func()
}

func newPool(limit int) *pool { return &pool{limit: limit} }

// do runs fn as soon as there is room.
func (p *pool) do(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == p.limit {
		p.queue = append(p.queue, fn)
		return
	}
	p.running++
	p.tasks.Go(func() { p.run(fn) })
}

// run runs fn and then what waits.
func (p *pool) run(fn func()) {
	for fn != nil {
		fn()
		fn = p.next()
	}
}

func (p *pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		p.running--
		p.queue = nil
		return nil
	}
	fn := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return fn
}

// wait waits until nothing runs or waits.
func (p *pool) wait() { p.tasks.Wait() }
