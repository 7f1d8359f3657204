package config_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
)

// TestHistoryGoes runs the housekeeping for a month and a day, of fake time.
func TestHistoryGoes(t *testing.T) {
	path := t.TempDir() + "/pharos.db"
	synctest.Test(t, func(t *testing.T) {
		db, err := persistence.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		s := centreOn(t, db, func(o *config.Options) { o.HistoryKeep = 5 })
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		for range 8 {
			publish(t, s, config.Publish{Key: app, Content: "x"})
		}
		rows := func() int64 {
			p, err := s.History(ctx, app, 1, 100)
			if err != nil {
				t.Fatal(err)
			}
			return p.Total
		}
		if n := rows(); n != 8 {
			t.Fatalf("%d rows at first", n)
		}
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if n := rows(); n != 5 {
			t.Errorf("%d rows are kept, not 5", n)
		}
		time.Sleep(31 * 24 * time.Hour)
		synctest.Wait()
		if n := rows(); n != 0 {
			t.Errorf("%d rows are left after a month", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
