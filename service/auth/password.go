package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"runtime"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/pharos-registry/pharos/service"
)

const (
	bcryptCost = 10 // Nacos's
	// maxPassword is what bcrypt takes in; more would be cut off in silence.
	maxPassword = 72 // bytes
	// A password that was right is not hashed again for a while: clients that
	// send it with each call would cost 70 ms each time.
	provenFor  = 5 * time.Minute
	provenMany = 10_000
)

// passwords checks passwords against bcrypt hashes.
type passwords struct {
	secret []byte // of the memory of right passwords; dies with the process
	proven *otter.Cache[[sha256.Size]byte, struct{}]
	slots  chan struct{} // bounds how many are hashed at once
	dummy  string        // a hash for users that there are not
}

func newPasswords() (*passwords, error) {
	p := &passwords{secret: make([]byte, sha256.Size), slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	_, _ = rand.Read(p.secret) // never fails (crypto/rand)
	var err error
	if p.dummy, err = hashPassword("a password that nobody has"); err != nil {
		return nil, err
	}
	p.proven, err = otter.New(&otter.Options[[sha256.Size]byte, struct{}]{
		MaximumSize:      provenMany,
		ExpiryCalculator: otter.ExpiryWriting[[sha256.Size]byte, struct{}](provenFor),
	})
	return p, err
}

// right reports whether password was found to belong to hash a while ago.
func (p *passwords) right(hash, password string) bool {
	if hash == "" || len(password) > maxPassword {
		return false
	}
	_, ok := p.proven.GetIfPresent(p.key(hash, password))
	return ok
}

// check reports whether password belongs to hash. It takes as long for a hash
// that is empty, or that is none of bcrypt, so that users and non-users look
// alike. ctx bounds the wait for a turn.
func (p *passwords) check(ctx context.Context, hash, password string) (bool, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return false, service.Wrap(service.Unavailable, ctx.Err(), "the login was not waited for")
	}
	defer func() { <-p.slots }()
	against, possible := hash, len(password) <= maxPassword
	if _, err := bcrypt.Cost([]byte(hash)); err != nil { // a hash of another kind matches nothing
		against, possible = p.dummy, false
	}
	if !possible { // bcrypt would not look at what is beyond
		password = password[:min(len(password), maxPassword)]
	}
	err := bcrypt.CompareHashAndPassword([]byte(against), []byte(password))
	if err != nil || !possible {
		return false, nil
	}
	p.proven.Set(p.key(hash, password), struct{}{})
	return true, nil
}

// key names a password under a hash, without holding either.
func (p *passwords) key(hash, password string) (k [sha256.Size]byte) {
	m := hmac.New(sha256.New, p.secret)
	m.Write([]byte(hash))
	m.Write([]byte{0})
	m.Write([]byte(password))
	m.Sum(k[:0])
	return k
}

// hashPassword returns the hash to store.
func hashPassword(password string) (string, error) {
	b, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return "", service.Errorf(service.BadParam, "Password length must not exceed %d characters", maxPassword)
	}
	return string(b), err
}
