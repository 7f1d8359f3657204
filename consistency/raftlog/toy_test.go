package raftlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/pharos-registry/pharos/consistency/raftlog"
)

// op is a command of the toy: set a key, if it is what was expected.
type op struct {
	Key, Value string
	CAS        bool
	Old        string
	Poison     bool // cannot be applied
}

const refused = 7

// disk is what survives a restart of a toy: its state, and a few states before
// it, one of which a crash may bring back.
type disk struct {
	mu      sync.Mutex // guards the following fields
	state   toyState
	history []toyState
	fail    error // what Apply returns
	restore int   // how often a snapshot was restored
	applies int   // calls of Apply
}

type toyState struct {
	Applied uint64
	Values  map[string]string
	Chain   uint64 // hash over all commands so far: equal only if all were equal, in order
	Count   int
}

var _ raftlog.Applier = (*disk)(nil)

func newDisk() *disk { return &disk{state: toyState{Values: map[string]string{}}} }

// Apply implements raftlog.Applier.
func (d *disk) Apply(cmds []raftlog.Command) ([]raftlog.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.applies++
	if d.fail != nil {
		return nil, d.fail
	}
	next := d.state
	next.Values = maps.Clone(next.Values)
	var out []raftlog.Answer
	for _, c := range cmds {
		if c.Index <= d.state.Applied || c.Index < next.Applied {
			return nil, fmt.Errorf("entry %d after %d", c.Index, d.state.Applied)
		}
		var o op
		if err := json.Unmarshal(c.Data, &o); err != nil {
			return nil, err
		}
		if o.Poison {
			panic("poison")
		}
		out = append(out, next.run(o))
		h := fnv.New64a()
		_, _ = fmt.Fprint(h, next.Chain, c.Index, string(c.Data))
		next.Chain, next.Applied, next.Count = h.Sum64(), c.Index, next.Count+1
	}
	if d.history = append(d.history, d.state); len(d.history) > 8 {
		d.history = d.history[1:]
	}
	d.state = next
	return out, nil
}

func (s *toyState) run(o op) raftlog.Answer {
	if old := s.Values[o.Key]; o.CAS && old != o.Old {
		return raftlog.Answer{Code: refused, Body: []byte(old)}
	}
	s.Values[o.Key] = o.Value
	return raftlog.Answer{Body: []byte(o.Key)}
}

// Applied implements raftlog.Applier.
func (d *disk) Applied() (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Applied, nil
}

// Snapshot implements raftlog.Applier.
func (d *disk) Snapshot() (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, err := json.Marshal(d.state)
	return io.NopCloser(bytes.NewReader(b)), err
}

// Restore implements raftlog.Applier.
func (d *disk) Restore(r io.Reader) error {
	var s toyState
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state, d.history = s, nil
	d.restore++
	return nil
}

func (d *disk) get(key string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Values[key]
}

func (d *disk) now() toyState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// lose brings back an earlier state, as a crash does whose last transactions
// had not reached the disk.
func (d *disk) lose(pick func(int) int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.history) > 0 {
		i := pick(len(d.history))
		d.state, d.history = d.history[i], slices.Clone(d.history[:i])
	}
}

var errDisk = errors.New("no space left on device")
