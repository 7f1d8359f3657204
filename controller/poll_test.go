package controller

import (
	"sync/atomic"
	"testing"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

func TestPollsAreCounted(t *testing.T) {
	var held atomic.Int64
	c := config.NewCache()
	all := []interest{{config.Key{Group: "G", DataID: "a"}, ""}, {config.Key{Group: "G", DataID: "b"}, "changed"}}
	p := &poll{cache: c, held: &held}
	if changed := p.subscribe(all, false); len(changed) != 1 || changed[0].DataID != "b" {
		t.Errorf("changed: %v", changed)
	}
	if held.Load() != 2 || len(c.WatchersOf(all[0].key)) != 1 {
		t.Errorf("%d held, watchers %v", held.Load(), c.WatchersOf(all[0].key))
	}
	p.Gone()
	p.Gone()
	if held.Load() != 0 || len(c.WatchersOf(all[0].key)) != 0 {
		t.Errorf("%d held after the end, watchers %v", held.Load(), c.WatchersOf(all[0].key))
	}
}

func TestPollsAreBounded(t *testing.T) {
	a := &API{}
	a.held.Store(maxHeld)
	_, err := a.hang(&middleware.Request{}, &poll{held: &a.held}, make([]interest, 1), 0, false)
	if service.CodeOf(err) != service.Unavailable {
		t.Errorf("one more than allowed: %v", err)
	}
}
