package auth

import (
	"context"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// Session is a login.
type Session struct {
	User  string
	Token string
	TTL   time.Duration
	Admin bool
}

// Login checks a password and issues a token. address is the caller's, for the
// counting of failures.
func (s *Service) Login(ctx context.Context, user, password, address string) (Session, error) {
	name, err := s.Password(ctx, user, password, address)
	if err != nil {
		return Session{}, err
	}
	d := s.dir.Load()
	at := time.Now()
	// A token of the cut-off's own second would be void: this one counts as of
	// the next.
	if cut := d.cutoffOf(name); at.Unix() <= cut {
		if cut-at.Unix() > maxAhead {
			return Session{}, service.Errorf(service.TooMany, "too many logins and logouts, try again later")
		}
		at = time.Unix(cut+1, 0)
	}
	token, err := s.o.Signer.Sign(name, at)
	if err != nil {
		return Session{}, service.Wrap(service.Internal, err, "no token can be made")
	}
	return Session{User: name, Token: token, TTL: s.o.Signer.valid, Admin: d.isAdmin(name)}, nil
}

// maxAhead is how far cut-offs may run ahead of the clock, in seconds: each login
// and logout within one second moves them on by one.
const maxAhead = 60

// Resume is a login with a token in place of a password: the same token, with
// the time that it has left.
func (s *Service) Resume(token string) (Session, error) {
	t, err := s.token(token)
	if err != nil {
		return Session{}, err
	}
	return Session{User: t.User, Token: token, TTL: max(0, time.Until(t.Expires)).Truncate(time.Second), Admin: s.dir.Load().isAdmin(t.User)}, nil
}

// Password checks a password and returns the name of the user whose roles count.
// After many failures it takes its time.
func (s *Service) Password(ctx context.Context, user, password, address string) (string, error) {
	return s.password(ctx, user, password, address, true)
}

// Glance is Password for who is let through anyway: where Password would take its
// time, it refuses.
func (s *Service) Glance(ctx context.Context, user, password, address string) (string, error) {
	return s.password(ctx, user, password, address, false)
}

func (s *Service) password(ctx context.Context, user, password, address string, patient bool) (string, error) {
	if user == "" || password == "" || len(user) > maxLogin {
		return "", ErrAnonymous
	}
	version, hash := s.Version(), s.hashOf(user)
	if s.passwords.right(hash, password) {
		return user, nil
	}
	p := pairOf(user, address)
	if err := s.guard.begin(ctx, p, patient); err != nil {
		return "", err
	}
	name, err := s.prove(ctx, user, hash, password)
	if service.Is(err, service.Unauthorized) && patient && s.Fresh(ctx, version) {
		if now := s.hashOf(user); now != hash {
			name, err = s.prove(ctx, user, now, password)
		}
	}
	if err != nil && ctx.Err() != nil { // who left learned nothing
		s.guard.leave(p)
		return "", err
	}
	s.guard.end(p, err == nil)
	return name, err
}

// hashOf is the hash of a user's password, "" where there is none.
func (s *Service) hashOf(user string) string {
	if u := s.dir.Load().users[user]; u != nil {
		return u.hash
	}
	return ""
}

// prove asks the table, then the second authenticator. When that one fails it is
// said, for everybody alike whose password the table does not know.
func (s *Service) prove(ctx context.Context, user, hash, password string) (string, error) {
	ok, err := s.passwords.check(ctx, hash, password)
	switch {
	case err != nil:
		return "", err
	case ok:
		return user, nil
	case s.o.Second == nil:
		return "", ErrAnonymous
	}
	name, err := s.o.Second.Authenticate(ctx, user, password)
	if err != nil && service.CodeOf(err) != service.Unauthorized {
		s.o.Log.Warn("the directory cannot say whether a password is right", "error", err)
	}
	return name, err
}
