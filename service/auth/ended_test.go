package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// nodes opens services over one database: several nodes, or one that starts again.
// The users can do nothing but have sessions: no password is worth its time here.
func nodes(t *testing.T, n int, users ...string) []*Service {
	t.Helper()
	db, err := persistence.Open(filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, u := range users {
		if _, err := db.Apply(t.Context(), persistence.CreateUser{Name: u, Password: "no hash"}); err != nil {
			t.Fatal(err)
		}
	}
	out := make([]*Service, n)
	for i := range out {
		if out[i], err = New(t.Context(), Options{Store: db, Write: db.Apply, Signer: signer(t), Log: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out[i].Close() })
	}
	return out
}

func opened(t *testing.T, s *Service, user string) (string, ConsoleSession) {
	t.Helper()
	text, c, err := s.OpenSession(user)
	if err != nil {
		t.Fatal(err)
	}
	return text, c
}

// What one node ends is over on another one that reads the same rows, whichever
// way it was ended, and nothing else is.
func TestEndedEverywhere(t *testing.T) {
	t.Parallel()
	type texts struct{ user, mine, other, third, theirs string }
	all := nodes(t, 2, "wang", "u0", "u1", "u2", "u3", "u4", "u5")
	one, two := all[0], all[1]
	free := 0
	for name, x := range map[string]struct {
		end  func(*Service, texts, ConsoleSession, ConsoleSession) error
		over map[string]bool
	}{
		"log-out": {func(s *Service, w texts, _, _ ConsoleSession) error {
			s.CloseSession(t.Context(), w.mine)
			return nil
		}, map[string]bool{"mine": true}},
		"one": {func(s *Service, w texts, _, other ConsoleSession) error {
			return s.EndSession(t.Context(), w.user, other.ID)
		}, map[string]bool{"other": true}},
		"one, under another name": {func(s *Service, _ texts, _, other ConsoleSession) error {
			return s.EndSession(t.Context(), "wang", other.ID)
		}, nil},
		"all others": {func(s *Service, w texts, mine, _ ConsoleSession) error {
			return s.EndSessions(t.Context(), w.user, mine)
		}, map[string]bool{"other": true, "third": true}},
		"all": {func(s *Service, w texts, _, _ ConsoleSession) error {
			return s.EndSessions(t.Context(), w.user, ConsoleSession{})
		}, map[string]bool{"mine": true, "other": true, "third": true}},
		"all others, twice": {func(s *Service, w texts, mine, other ConsoleSession) error {
			return errors.Join(s.EndSessions(t.Context(), w.user, mine), s.EndSessions(t.Context(), w.user, other))
		}, map[string]bool{"mine": true, "other": true, "third": true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := texts{user: "u" + strconv.Itoa(free)}
			free++
			var mine, other ConsoleSession
			w.mine, mine = opened(t, one, w.user)
			w.other, other = opened(t, two, w.user)
			w.third, _ = opened(t, one, w.user)
			w.theirs, _ = opened(t, one, "wang")
			if err := x.end(one, w, mine, other); err != nil {
				t.Fatal(err)
			}
			if err := two.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			for node, s := range map[string]*Service{"this node": one, "another node": two} {
				for which, text := range map[string]string{"mine": w.mine, "other": w.other, "third": w.third, "theirs": w.theirs} {
					over := x.over[which]
					_, err := s.Session(text)
					if over != errors.Is(err, ErrExpired) || !over && err != nil {
						t.Errorf("%s on %s: %v, want it over: %v", which, node, err, over)
					}
				}
				if text, _ := opened(t, s, w.user); text != "" {
					if _, err := s.Session(text); err != nil {
						t.Errorf("who logs in behind it, on %s: %v", node, err)
					}
				}
			}
		})
	}
}

// A session that is renewed is the same one: it ends with what ends it.
func TestRenewSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := nodes(t, 2, "li")
		one, two := all[0], all[1]
		text, c := opened(t, one, "li")
		valid := one.o.Signer.valid
		if again, _, err := one.RenewSession(c); err != nil || again != "" {
			t.Errorf("renewed at once: %q %v", again, err)
		}
		time.Sleep(valid/2 + 2*time.Second)
		renewed, r, err := one.RenewSession(c)
		if err != nil || renewed == "" || r.ID != c.ID || !r.Issued.Equal(c.Issued) || time.Until(r.Expires) < valid-time.Second {
			t.Fatalf("%q %+v %v", renewed, r, err)
		}
		time.Sleep(valid / 2)
		if _, err := one.Session(text); !errors.Is(err, ErrExpired) {
			t.Errorf("the first text outlives its time: %v", err)
		}
		if got, err := two.Session(renewed); err != nil || got.ID != r.ID || !got.Expires.Equal(r.Expires) {
			t.Errorf("the second one: %+v %v", got, err)
		}
		if err := two.EndSession(t.Context(), "li", c.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := two.Session(renewed); !errors.Is(err, ErrExpired) {
			t.Errorf("it goes on under the second text: %v", err)
		}
	})
}

// What cannot be written is said, and a log-out counts on its node all the same.
func TestEndSessionRefused(t *testing.T) {
	t.Parallel()
	one := nodes(t, 1, "li", "wang")[0]
	for cause, code := range map[error]service.Code{
		persistence.ErrUnsupported: service.Unsupported, persistence.ErrTooMany: service.TooMany, persistence.ErrUnavailable: service.Unavailable,
		persistence.ErrValue: service.BadParam, errors.New("what"): service.Internal,
	} {
		write := one.o.Write
		one.o.Write = func(context.Context, persistence.Op) (persistence.Result, error) { return persistence.Result{}, cause }
		text, c := opened(t, one, "li")
		if err := one.EndSession(t.Context(), "li", c.ID); service.CodeOf(err) != code {
			t.Errorf("%v: one: %v", cause, err)
		}
		if err := one.EndSessions(t.Context(), "li", ConsoleSession{}); service.CodeOf(err) != code {
			t.Errorf("%v: all: %v", cause, err)
		}
		if _, err := one.Session(text); err != nil {
			t.Errorf("%v: it was refused and ended: %v", cause, err)
		}
		one.CloseSession(t.Context(), text)
		if _, err := one.Session(text); !errors.Is(err, ErrExpired) {
			t.Errorf("%v: the log-out: %v", cause, err)
		}
		one.o.Write = write
	}
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		one := nodes(t, 1, "li", "wang")[0]
		refused := false
		for range maxAhead + 5 {
			refused = service.Is(one.EndSessions(t.Context(), "li", ConsoleSession{}), service.TooMany)
		}
		if !refused {
			t.Error("the cut runs ahead of the clock without a bound")
		}
	})
}

// What a node remembers of sessions: where from and when last, bounded for each
// user and for all, without those that are over.
func TestSessionsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := nodes(t, 1, "li", "wang")[0]
		_, mine := opened(t, one, "li")
		_, theirs := opened(t, one, "wang")
		one.SeeSession(mine, "192.0.2.1", "first")
		one.SeeSession(theirs, "192.0.2.2", "browser \xff")
		time.Sleep(time.Minute)
		one.SeeSession(mine, "192.0.2.3", "second")
		li, nobody := "li", "nobody"
		got := one.SessionsSeen(&li)
		if len(got) != 1 || got[0].Address != "192.0.2.3" || got[0].Agent != "second" || !got[0].Last.Equal(time.Now()) || got[0].ConsoleSession != mine {
			t.Errorf("%+v", got)
		}
		if all, none := one.SessionsSeen(nil), one.SessionsSeen(&nobody); len(all) != 2 || len(none) != 0 {
			t.Errorf("of all %+v, of nobody %+v", all, none)
		}
		if err := one.EndSession(t.Context(), "li", mine.ID); err != nil {
			t.Fatal(err)
		}
		if got := one.SessionsSeen(nil); len(got) != 1 || got[0].User != "wang" || got[0].Agent != "browser " {
			t.Errorf("behind the end of one: %+v", got)
		}
		for i := range maxSeenOfUser + 10 {
			time.Sleep(time.Millisecond)
			one.SeeSession(ConsoleSession{ID: fmt.Sprint("li", i), User: "li", Issued: time.Now(), Expires: time.Now().Add(time.Hour)}, "", "")
		}
		got = one.SessionsSeen(&li)
		for _, x := range got {
			if x.ID == "li0" || x.ID == "li5" {
				t.Errorf("%s was not used for longest and is remembered", x.ID)
			}
		}
		if len(got) != maxSeenOfUser || len(one.SessionsSeen(nil)) != maxSeenOfUser+1 {
			t.Errorf("%d of one user, %d of all", len(got), len(one.SessionsSeen(nil)))
		}
		time.Sleep(time.Hour)
		if got := one.SessionsSeen(&li); len(got) != 0 {
			t.Errorf("%d are over and listed", len(got))
		}
		for i := range maxSeen - 1 { // beside the one that is there
			c := ConsoleSession{ID: strconv.Itoa(i), User: strconv.Itoa(i), Issued: time.Now(), Expires: time.Now().Add(time.Hour)}
			one.sessions.seen[c.ID] = &SeenSession{ConsoleSession: c, Last: time.Now().Add(time.Duration(i))}
		}
		for i := range 3 {
			one.SeeSession(ConsoleSession{ID: fmt.Sprint("new", i), User: strconv.Itoa(i), Issued: time.Now(), Expires: time.Now().Add(time.Hour)}, "", "")
		}
		if n := len(one.sessions.seen); n != maxSeen {
			t.Errorf("%d sessions are remembered", n)
		}
		if one.sessions.seen["5"] == nil || one.sessions.seen["new2"] == nil {
			t.Error("a newer one was forgotten")
		}
	})
}
