package raftlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/hashicorp/raft"
)

// fsm is the node as Raft sees it.
type fsm struct{ n *Node }

var _ raft.BatchingFSM = fsm{}

// Apply implements raft.FSM. Raft uses it where it does not batch.
func (f fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch implements raft.BatchingFSM: a response is the []Answer of an
// entry, nil for what is no command.
func (f fsm) ApplyBatch(logs []*raft.Log) []any {
	out, err := f.n.apply(logs)
	if err != nil {
		f.n.fail(err)
		return make([]any, len(logs)) // nobody is told that it took effect
	}
	return out
}

// run is consecutive commands of one kind.
type run struct {
	kind     Kind
	commands []Command
	entry    []int // of each command: its place in the batch
}

// apply hands a batch of entries to the Appliers.
func (n *Node) apply(logs []*raft.Log) (out []any, err error) {
	out = make([]any, len(logs))
	var runs []run
	var last uint64 // what Raft writes for itself is never waited for
	for i, l := range logs {
		if l.Type != raft.LogCommand {
			continue
		}
		items, err := decodeEntry(l.Data)
		if err != nil {
			return nil, fmt.Errorf("log entry %d: %w", l.Index, err)
		}
		out[i], last = make([]Answer, 0, len(items)), l.Index
		for _, it := range items {
			if n.opt.Appliers[it.kind] == nil && it.kind&ignorable == 0 {
				return nil, fmt.Errorf("log entry %d: kind %d is not known: this version is too old for the cluster", l.Index, it.kind)
			}
			if len(runs) == 0 || runs[len(runs)-1].kind != it.kind {
				runs = append(runs, run{kind: it.kind})
			}
			r := &runs[len(runs)-1]
			r.commands = append(r.commands, Command{Index: l.Index, Data: it.data})
			r.entry = append(r.entry, i)
		}
	}
	for _, r := range runs {
		answers, err := n.applyRun(r)
		if err != nil {
			return nil, fmt.Errorf("log entries %d to %d: %w", r.commands[0].Index, r.commands[len(r.commands)-1].Index, err)
		}
		for i, a := range answers {
			of := r.entry[i]
			out[of] = append(out[of].([]Answer), a)
		}
	}
	n.advance(last, nil)
	return out, nil
}

// applyRun applies commands of one kind. What the state holds already is not
// given to it again; nobody waits for those answers.
func (n *Node) applyRun(r run) (answers []Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	answers = make([]Answer, len(r.commands))
	a := n.opt.Appliers[r.kind]
	if a == nil { // ignorable
		return answers, nil
	}
	n.mu.Lock()
	have := n.byKind[r.kind]
	n.mu.Unlock()
	skip := 0
	for skip < len(r.commands) && r.commands[skip].Index <= have {
		skip++
	}
	todo := r.commands[skip:]
	if len(todo) == 0 {
		return answers, nil
	}
	got, err := a.Apply(todo)
	if err != nil {
		return nil, err
	}
	if len(got) != len(todo) {
		return nil, fmt.Errorf("%d answers to %d commands", len(got), len(todo))
	}
	copy(answers[skip:], got)
	n.advance(0, map[Kind]uint64{r.kind: todo[len(todo)-1].Index})
	return answers, nil
}

// fail stops a node that cannot apply what the others did, and holds Raft's
// applying goroutine until the node is closed: not one more entry is applied,
// none is counted as applied, and no snapshot is taken of what is not there.
func (n *Node) fail(err error) {
	if n.failure.CompareAndSwap(nil, &err) {
		n.opt.Logger.Error("this node cannot apply a committed entry and stops", "error", err)
		go func() {
			n.stop()
			n.opt.Fatal(err)
		}()
	}
	<-n.stopped
}

// Snapshot implements raft.FSM.
func (f fsm) Snapshot() (raft.FSMSnapshot, error) {
	n := f.n
	if n.failure.Load() != nil {
		return nil, ErrStopped
	}
	s := &snapshot{header: snapshotHeader{Applied: map[Kind]uint64{}}}
	for _, k := range n.kinds {
		index, err := n.opt.Appliers[k].Applied()
		if err == nil {
			s.header.Applied[k] = index
			var r io.ReadCloser
			if r, err = n.opt.Appliers[k].Snapshot(); err == nil {
				s.sections = append(s.sections, section{k, r})
			}
		}
		if err != nil {
			s.Release()
			return nil, fmt.Errorf("snapshot of kind %d: %w", k, err)
		}
	}
	return s, nil
}

// Restore implements raft.FSM.
func (f fsm) Restore(rc io.ReadCloser) error {
	err := f.n.restore(bufio.NewReaderSize(rc, maxChunk))
	return errors.Join(err, rc.Close())
}

func (n *Node) restore(r io.Reader) error {
	if _, err := readHeader(r); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	err := readSections(r, func(k Kind, r io.Reader) error {
		a := n.opt.Appliers[k]
		switch {
		case a != nil:
			return a.Restore(r)
		case k&ignorable == 0:
			return fmt.Errorf("kind %d is not known: this version is too old for the cluster", k)
		default:
			return nil
		}
	})
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return n.recall()
}

// recall learns from the Appliers what their state holds.
func (n *Node) recall() error {
	held := map[Kind]uint64{}
	var highest uint64
	for _, k := range n.kinds {
		index, err := n.opt.Appliers[k].Applied()
		if err != nil {
			return fmt.Errorf("state of kind %d: %w", k, err)
		}
		held[k] = index
		highest = max(highest, index)
	}
	n.advance(highest, held)
	return nil
}

// waiter waits for an index to be applied.
type waiter struct {
	index uint64
	done  chan struct{}
}

// advance notes what is applied and wakes who waited for it.
func (n *Node) advance(index uint64, byKind map[Kind]uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.Copy(n.byKind, byKind)
	if index <= n.applied {
		return
	}
	n.applied = index
	for w := range n.waiters {
		if w.index <= index {
			close(w.done)
			delete(n.waiters, w)
		}
	}
}

// Applied is the index of the last command applied on this node.
func (n *Node) Applied() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.applied
}

// wait returns when index is applied here.
func (n *Node) wait(ctx context.Context, index uint64) error {
	n.mu.Lock()
	if n.applied >= index {
		n.mu.Unlock()
		return nil
	}
	w := &waiter{index: index, done: make(chan struct{})}
	n.waiters[w] = struct{}{}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.waiters, w)
		n.mu.Unlock()
	}()
	select {
	case <-w.done:
		return nil
	case <-n.stopped:
		return n.stopReason()
	case <-ctx.Done():
		return ctx.Err()
	}
}
