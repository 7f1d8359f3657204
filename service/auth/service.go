// Package auth knows who a caller is and what he may do: users, roles and
// permissions in Nacos's tables, its tokens, and one decision for every route.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// refreshEvery is how often the tables are read again: another node, or a
// Nacos, may share the database. A change made here counts at once.
const refreshEvery = 15 * time.Second

// tokensKept bounds the verified tokens that are remembered.
const tokensKept = 20_000

// Store is what auth asks of the database.
type Store interface {
	Users(ctx context.Context, name persistence.Match, pageNo, size int) (persistence.Page[persistence.User], error)
	Roles(ctx context.Context, user, role persistence.Match, pageNo, size int) (persistence.Page[persistence.Role], error)
	Permissions(ctx context.Context, role persistence.Match, pageNo, size int) (persistence.Page[persistence.Permission], error)
	Revocations(ctx context.Context) ([]persistence.Revocation, error)
	EndedSessions(ctx context.Context) ([]persistence.EndedSession, error)
}

// The refusals of the hot paths, made once.
var (
	// ErrAnonymous is for a caller who does not say who he is, and for one whose
	// name and password do not belong together: nobody can tell them apart.
	ErrAnonymous = service.Errorf(service.Unauthorized, msgUnknown)
	ErrExpired   = service.Errorf(service.Unauthorized, msgExpired)
	errDenied    = service.Errorf(service.Forbidden, msgDenied)
)

// everything is a page that holds all rows of a table.
const everything = 1 << 30

// Writer commits an op: directly, or through the log of the cluster.
type Writer func(ctx context.Context, op persistence.Op) (persistence.Result, error)

// Authenticator knows users beyond the table: LDAP is one.
type Authenticator interface {
	// Authenticate returns the name under which the user has roles. It returns
	// a service.Unauthorized for a wrong name or password.
	Authenticate(ctx context.Context, user, password string) (string, error)
}

// Options is what the service needs.
type Options struct {
	Store  Store
	Write  Writer
	Signer *Signer
	Log    *slog.Logger
	Second Authenticator // nil: only the table
	// Current waits until the tables have what was written on other nodes; nil:
	// they always have.
	Current func(ctx context.Context) error
}

// Service is authentication and authorization.
type Service struct {
	o         Options
	passwords *passwords
	guard     *guard
	dir       atomic.Pointer[directory]
	tokens    *otter.Cache[string, Token] // signature checked; expiry and cut-off are looked at each time

	known atomic.Bool // the tables were read
	admin atomic.Bool // there has been an administrator since the start

	stale   chan struct{} // asks Run for a Reload; room for one
	changes atomic.Uint64 // of the tables, that were heard of
	seen    atomic.Uint64 // how many of them dir has at least

	reloading sync.Mutex // one reload after the other, so that an older one never wins
	removing  sync.Mutex // one removal after the other, so that an administrator is left
	sessions  sessions
	warned    sync.Once // that the password which Nacos ships is in use
}

// New returns the service with its tables loaded. A database that is away is no
// error: then nobody is known until it is back.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{o: o, guard: newGuard(), stale: make(chan struct{}, 1)}
	var err error
	if s.passwords, err = newPasswords(); err != nil {
		return nil, err
	}
	if s.tokens, err = otter.New(&otter.Options[string, Token]{MaximumSize: tokensKept}); err != nil {
		return nil, err
	}
	s.dir.Store(newDirectory(nil, nil, nil, nil))
	if err := s.Reload(ctx); err != nil {
		o.Log.Warn("users and permissions cannot be read yet", "error", err)
	}
	return s, nil
}

// Reload reads the tables.
func (s *Service) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	changes := s.changes.Load()
	users, err := s.o.Store.Users(ctx, persistence.Match{}, 1, everything)
	if err != nil {
		return err
	}
	roles, err := s.o.Store.Roles(ctx, persistence.Match{}, persistence.Match{}, 1, everything)
	if err != nil {
		return err
	}
	perms, err := s.o.Store.Permissions(ctx, persistence.Match{}, 1, everything)
	if err != nil {
		return err
	}
	cuts, err := s.o.Store.Revocations(ctx)
	if err != nil {
		return err
	}
	ended, err := s.o.Store.EndedSessions(ctx)
	if err != nil {
		return err
	}
	d := newDirectory(users.Items, roles.Items, perms.Items, cuts)
	d.ended = newEnded(ended)
	s.dir.Store(d)
	s.seen.Store(changes)
	if d.admin {
		s.admin.Store(true)
	}
	s.known.Store(true)
	for _, u := range d.users {
		if u.hash == shippedHash {
			s.warned.Do(func() {
				s.o.Log.Warn("a user still has the password that Nacos 1.x ships, which everybody knows: change it", "user", u.name)
			})
		}
	}
	return nil
}

// shippedHash is that of the password "nacos" in the schema of Nacos 1.x.
const shippedHash = "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu" // public, so that it can be warned of

// Run keeps the tables fresh until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.stale:
		}
		if err := s.Reload(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("users and permissions cannot be read, going on with what is known", "error", err)
		}
	}
}

// Version is what Fresh compares.
func (s *Service) Version() uint64 { return s.seen.Load() }

// freshTime bounds the wait for what other nodes have written.
const freshTime = time.Second

// Fresh reads what other nodes have written and reports whether anything is new
// since version: then what was refused is to be looked at once more. A node that
// cannot say goes by what it has.
func (s *Service) Fresh(ctx context.Context, version uint64) bool {
	if s.o.Current == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, freshTime)
	defer cancel()
	if s.o.Current(ctx) != nil {
		return false
	}
	if s.changes.Load() != s.seen.Load() && s.Reload(ctx) != nil {
		return false
	}
	return s.seen.Load() != version
}

// Close ends what New started.
func (s *Service) Close() error {
	s.tokens.StopAllGoroutines()
	s.passwords.proven.StopAllGoroutines()
	return nil
}

// Stale says that the tables may have changed by another hand. It does not
// block: Run reads them.
func (s *Service) Stale() {
	s.changes.Add(1)
	select {
	case s.stale <- struct{}{}:
	default: // it will anyway
	}
}

// HasAdmin reports whether there is an administrator.
func (s *Service) HasAdmin() bool { return s.dir.Load().admin }

// Settled reports whether management is closed to strangers: from the first
// administrator on, for as long as the server runs, whatever becomes of him; and
// while it is not known whether there is one.
func (s *Service) Settled() bool { return s.admin.Load() || !s.known.Load() }

// Token returns the user of a token.
func (s *Service) Token(token string) (string, error) {
	t, err := s.token(token)
	return t.User, err
}

func (s *Service) token(token string) (Token, error) {
	t, ok := s.tokens.GetIfPresent(token)
	if !ok {
		var err error
		if t, err = s.o.Signer.Verify(token); err != nil {
			return Token{}, err
		}
	}
	switch {
	case !t.live(time.Now()):
		return Token{}, ErrExpired
	case s.void(t):
		return Token{}, ErrExpired
	}
	if !ok {
		s.tokens.Set(strings.Clone(token), t) // the caller's points into a request's body
	}
	return t, nil
}

// void reports whether a token is no longer good though its time is not over:
// its user is gone, or it was revoked.
func (s *Service) void(t Token) bool {
	d := s.dir.Load()
	if u := d.users[t.User]; u == nil || u.hash == "" { // not of the table
		if s.o.Second == nil || !strings.HasPrefix(t.User, ldapPrefix) {
			return true
		}
	}
	return d.revoked(t)
}

// Authorize returns nil if user may do action to r.
func (s *Service) Authorize(user string, r Resource, action Action) error {
	if s.dir.Load().decide(user, r, action).Allowed {
		return nil
	}
	return errDenied
}

// Explain says whether user may do action to r, and why.
func (s *Service) Explain(user string, r Resource, action Action) Decision {
	return s.dir.Load().decide(user, r, action)
}

// IsAdmin reports whether user is an administrator.
func (s *Service) IsAdmin(user string) bool { return s.dir.Load().isAdmin(user) }

func (d *directory) isAdmin(user string) bool {
	u := d.users[user]
	return u != nil && u.admin
}

// commit runs an op and reads the tables again, so that the change counts for
// the next request.
func (s *Service) commit(ctx context.Context, op persistence.Op) error {
	if _, err := s.o.Write(ctx, op); err != nil {
		return err
	}
	if err := s.Reload(ctx); err != nil { // it is written; the next refresh will see it
		s.o.Log.Warn("users and permissions were changed but cannot be read again", "error", err)
	}
	return nil
}

// failed gives a database error its code; nil stays nil.
func failed(err error) error {
	if _, ok := errors.AsType[*service.Error](err); err == nil || ok {
		return err
	}
	if errors.Is(err, persistence.ErrValue) {
		return service.Errorf(service.BadParam, "a name, a resource or an action is too long")
	}
	if errors.Is(err, persistence.ErrDenied) {
		return service.Wrap(service.Unavailable, err, "the server may not write to the database")
	}
	if errors.Is(err, persistence.ErrUnavailable) {
		return service.Wrap(service.Unavailable, err, "the database is not available now, try again later")
	}
	return service.Wrap(service.Internal, err, "the database failed")
}
