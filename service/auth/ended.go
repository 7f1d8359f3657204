package auth

import (
	"context"
	"errors"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// ended is which sessions of the console were ended before their time, as the
// database has it. It is never changed.
type ended struct {
	one map[string]string // by id, whose it was
	all map[string]persistence.EndedSession
}

func newEnded(rows []persistence.EndedSession) ended {
	e := ended{one: map[string]string{}, all: map[string]persistence.EndedSession{}}
	for _, r := range rows {
		if r.ID == "" {
			e.all[r.User] = r
			continue
		}
		e.one[r.ID] = r.User
	}
	return e
}

// has reports whether a session is one of them.
func (e ended) has(c *ConsoleSession) bool {
	if user, ok := e.one[c.ID]; ok && user == c.User {
		return true
	}
	r, ok := e.all[c.User]
	return ok && c.ID != r.Kept && c.Issued.Unix() <= r.Before.Unix()
}

// sessionCutOf is the last second whose sessions of user are over, a negative
// number where there is none.
func (d *directory) sessionCutOf(user string) int64 {
	cut := d.cutoffOf(user)
	if r, ok := d.ended.all[user]; ok {
		cut = max(cut, r.Before.Unix())
	}
	return cut
}

const (
	// maxEndedRows bounds the rows of one user's sessions that were ended one by
	// one. Rows go when the sessions would be over.
	maxEndedRows = 1000
	// endedSlack is how much longer such a row lasts than any session of now can:
	// clocks of nodes differ.
	endedSlack = 5 * time.Minute
	// closeTime bounds the wait of a log-out for the database.
	closeTime = 2 * time.Second
)

// EndSession ends a session of a user, on all nodes.
func (s *Service) EndSession(ctx context.Context, user, id string) error {
	now := time.Now()
	return s.endSessions(ctx, persistence.EndSession{User: user, ID: id, Expires: now.Add(s.o.Signer.valid + endedSlack), Now: now, Max: maxEndedRows})
}

// EndSessions ends all sessions of a user, on all nodes, but the one that is kept,
// if it is not over itself.
func (s *Service) EndSessions(ctx context.Context, user string, kept ConsoleSession) error {
	s.Fresh(ctx, 0) // what is known here decides
	now := time.Now()
	at := now
	// A login within the second of the last cut-off was issued as of the next one.
	if last := s.dir.Load().sessionCutOf(user); at.Unix() <= last {
		if last-at.Unix() > maxAhead {
			return service.Errorf(service.TooMany, "too many logins and logouts, try again later")
		}
		at = time.Unix(last+1, 0)
	}
	return s.endSessions(ctx, persistence.EndSession{User: user, Before: at, Kept: kept.ID, Since: kept.Issued, Expires: at.Add(s.o.Signer.valid + endedSlack), Now: now, Max: maxEndedRows})
}

func (s *Service) endSessions(ctx context.Context, op persistence.EndSession) error {
	err := s.commit(ctx, op)
	switch {
	case errors.Is(err, persistence.ErrUnsupported):
		return service.Errorf(service.Unsupported, "sessions cannot be ended: the database user may not make the table for it")
	case errors.Is(err, persistence.ErrTooMany):
		return service.Errorf(service.TooMany, "too many sessions were ended one by one, end all of them")
	}
	return failed(err)
}

// CloseSession ends a session: on this node at once, and on all that can be told.
// One that is none is over already.
func (s *Service) CloseSession(ctx context.Context, text string) {
	c, err := s.Session(text)
	if err != nil {
		return
	}
	s.sessions.end(c, time.Now())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := s.EndSession(ctx, c.User, c.ID); err != nil {
		s.o.Log.Warn("a session was ended on this node alone", "user", c.User, "error", err)
	}
}
