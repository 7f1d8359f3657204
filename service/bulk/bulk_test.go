package bulk_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/bulk"
)

func items(n int) (all []bulk.Item, acts []int) {
	for i := range n {
		all = append(all, bulk.Item{Target: i, Effect: bulk.Update, Allowed: true})
		acts = append(acts, i)
	}
	return all, acts
}

func add(t *testing.T, s *bulk.Plans[int], user string, n int) *bulk.Plan[int] {
	t.Helper()
	all, acts := items(n)
	p, err := s.Add(user, "test", "", all, acts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestApply(t *testing.T) {
	t.Parallel()
	s := bulk.New[int]()
	all, acts := items(5)
	all[1].Effect, all[2].Allowed = bulk.None, false
	p, err := s.Add("li", "test", "", all, acts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Undo(); !errors.Is(err, bulk.ErrWaiting) {
		t.Errorf("undone before it was applied: %v", err)
	}
	ran := []int{}
	do := func(act int) bulk.Result[int] {
		if v := p.View(); v.State != bulk.Applying || v.Done != act || v.Items[act].Outcome != bulk.Waiting {
			t.Errorf("while %d is done: %+v", act, v)
		}
		if _, err := p.Undo(); !errors.Is(err, bulk.ErrWaiting) {
			t.Errorf("undone while it is applied: %v", err)
		}
		ran = append(ran, act)
		undo := -act
		return map[int]bulk.Result[int]{
			0: {Outcome: bulk.Done, Undo: &undo}, 2: {Outcome: bulk.Denied, Error: "no"}, 3: {Outcome: bulk.Conflict}, 4: {Outcome: bulk.Done, Undo: &undo},
		}[act]
	}
	for range 2 { // once
		if err := p.Apply(do); err != nil {
			t.Fatal(err)
		}
	}
	v := p.View()
	want := map[bulk.Outcome]int{bulk.Done: 2, bulk.Skipped: 1, bulk.Denied: 1, bulk.Conflict: 1}
	if d := cmp.Diff(want, v.Outcomes) + cmp.Diff([]int{0, 2, 3, 4}, ran); d != "" || v.State != bulk.Applied || v.Done != 5 || v.Undoable != 2 || v.Refused != 1 || v.Items[2].Error != "no" {
		t.Errorf("%+v %s", v, d)
	}
	undo, err := p.Undo()
	if d := cmp.Diff([]int{-4, 0}, undo); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

// TestAppliedOnce: of many who apply it at once one does.
func TestAppliedOnce(t *testing.T) {
	t.Parallel()
	p := add(t, bulk.New[int](), "li", 50)
	var mu sync.Mutex
	ran := map[int]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_ = p.Apply(func(act int) bulk.Result[int] {
				mu.Lock()
				defer mu.Unlock()
				ran[act]++
				return bulk.Result[int]{Outcome: bulk.Done}
			})
			p.View()
		})
	}
	all.Wait()
	for i := range 50 {
		if ran[i] != 1 {
			t.Fatalf("%d was done %d times", i, ran[i])
		}
	}
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bulk.New[int]()
		p, kept := add(t, s, "li", 1), add(t, s, "li", 1)
		time.Sleep(bulk.Lifetime - time.Second)
		done := func(int) bulk.Result[int] { return bulk.Result[int]{Outcome: bulk.Done} }
		if err := kept.Apply(done); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if err := p.Apply(done); !errors.Is(err, bulk.ErrExpired) || p.View().Outcomes[bulk.Waiting] != 1 {
			t.Errorf("an old plan was applied: %v", err)
		}
		if _, err := s.Get("li", p.View().ID); err != nil {
			t.Errorf("it is not even said that it has expired: %v", err)
		}
		time.Sleep(bulk.Lifetime)
		if _, err := s.Get("li", p.View().ID); !errors.Is(err, bulk.ErrUnknown) {
			t.Errorf("it is kept for ever: %v", err)
		}
		if _, err := s.Get("li", kept.View().ID); err != nil {
			t.Errorf("what was applied later is gone: %v", err)
		}
	})
}

func TestOthersPlans(t *testing.T) {
	t.Parallel()
	s := bulk.New[int]()
	id := add(t, s, "li", 1).View().ID
	for _, c := range []struct {
		user, id string
		want     error
	}{{"li", id, nil}, {"wang", id, bulk.ErrUnknown}, {"", id, bulk.ErrUnknown}, {"li", id + "0", bulk.ErrUnknown}, {"li", "", bulk.ErrUnknown}} {
		if _, err := s.Get(c.user, c.id); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestRoom: the oldest plans make room, those of the same user first, and never one
// that is being applied.
func TestRoom(t *testing.T) {
	t.Parallel()
	s := bulk.New[int]()
	other := add(t, s, "wang", 1).View().ID
	busy, first := add(t, s, "li", 1), add(t, s, "li", 1).View().ID
	err := busy.Apply(func(int) bulk.Result[int] {
		for range 19 {
			add(t, s, "li", 1)
		}
		return bulk.Result[int]{Outcome: bulk.Done}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user, id string
		want     error
	}{{"wang", other, nil}, {"li", busy.View().ID, nil}, {"li", first, bulk.ErrUnknown}} {
		if _, err := s.Get(c.user, c.id); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for i := range 250 {
		add(t, s, "user "+strconv.Itoa(i), 1)
	}
	if _, err := s.Get("wang", other); !errors.Is(err, bulk.ErrUnknown) {
		t.Errorf("there is room for any number: %v", err)
	}
}
