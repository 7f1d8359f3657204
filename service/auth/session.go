package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// Login of a person at the console. What the browser keeps is signed with a key
// of its own that follows from that of the tokens, so every node of a cluster
// knows it, and it is no token. It ends when its time is over, when the user's
// tokens are made void, and when it is ended: which this node remembers at once,
// and all nodes by a row of the database.

// maxSession bounds what a browser may send as a session, in bytes.
const maxSession = 1024

// ConsoleSession is a login at the console.
type ConsoleSession struct {
	ID      string    `json:"i"`
	User    string    `json:"u"`
	Issued  time.Time `json:"t"` // from when on it counts
	Expires time.Time `json:"e"`
}

// sessions remembers which sessions were ended before their time.
type sessions struct {
	mu    sync.Mutex              // guards the following fields
	ended map[string]time.Time    // until when each would have lasted
	seen  map[string]*SeenSession // by id
}

// maxEnded bounds the ended sessions that are remembered. Each was a login with
// the right password.
const maxEnded = 100_000

// end remembers that a session is over, and forgets those that would be so now.
func (s *sessions) end(c ConsoleSession, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = map[string]time.Time{}
	}
	if len(s.ended) >= maxEnded {
		for id, until := range s.ended {
			if until.Before(now) {
				delete(s.ended, id)
			}
		}
	}
	s.ended[c.ID] = c.Expires
}

func (s *sessions) over(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ended[id]
	return ok
}

// sessionKey signs sessions. It follows from the key of the tokens, which is no
// use to whoever has it.
func (s *Signer) sessionKey() []byte {
	m := hmac.New(sha256.New, s.key)
	_, _ = m.Write([]byte("pharos console session 1")) // a hash takes all
	return m.Sum(nil)
}

func (s *Signer) seal(c ConsoleSession) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(b)
	m := hmac.New(sha256.New, s.sessionKey())
	_, _ = m.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil)), nil
}

func (s *Signer) open(text string) (c ConsoleSession, err error) {
	invalid := service.Errorf(service.Unauthorized, msgInvalid)
	body, sum, ok := strings.Cut(text, ".")
	if !ok || len(text) > maxSession {
		return c, invalid
	}
	got, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil {
		return c, invalid
	}
	m := hmac.New(sha256.New, s.sessionKey())
	_, _ = m.Write([]byte(body))
	if !hmac.Equal(got, m.Sum(nil)) {
		return c, invalid
	}
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return c, invalid
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, invalid
	}
	return c, nil
}

// OpenSession begins a session of a user who has proved who he is. The text is
// for his browser alone.
func (s *Service) OpenSession(user string) (text string, c ConsoleSession, err error) {
	at := time.Now()
	if cut := s.dir.Load().sessionCutOf(user); at.Unix() <= cut { // as Login has it
		if cut-at.Unix() > maxAhead {
			return "", c, service.Errorf(service.TooMany, "too many logins and logouts, try again later")
		}
		at = time.Unix(cut+1, 0)
	}
	c = ConsoleSession{ID: rand.Text(), User: user, Issued: at.Truncate(time.Second), Expires: at.Add(s.o.Signer.valid).Truncate(time.Second)}
	text, err = s.o.Signer.seal(c)
	return text, c, err
}

// Session returns the session that a browser sends.
func (s *Service) Session(text string) (ConsoleSession, error) {
	c, err := s.o.Signer.open(text)
	switch {
	case err != nil:
		return ConsoleSession{}, err
	case !time.Now().Before(c.Expires), s.sessions.over(c.ID), s.dir.Load().ended.has(&c), s.void(Token{User: c.User, Expires: c.Expires, Issued: c.Issued}):
		return ConsoleSession{}, ErrExpired
	}
	return c, nil
}

// RenewSession gives a session that has less than half of its time left the whole
// of it again. It stays the one that it is: what ends it ends it all the same. The
// text is "" where it is not time yet.
func (s *Service) RenewSession(c ConsoleSession) (text string, _ ConsoleSession, err error) {
	now := time.Now()
	if c.Expires.Sub(now) >= s.o.Signer.valid/2 {
		return "", c, nil
	}
	c.Expires = now.Add(s.o.Signer.valid).Truncate(time.Second)
	text, err = s.o.Signer.seal(c)
	return text, c, err
}
