package auth

import (
	"strings"
	"time"
)

// SeenSession is a session of the console as this node has seen it last.
type SeenSession struct {
	ConsoleSession

	Address string    // from where it was used
	Agent   string    // the browser, as it calls itself
	Last    time.Time // when it was used
}

const (
	// maxSeen bounds the sessions that a node remembers to have seen. One that is
	// forgotten is remembered again when it is used.
	maxSeen = 10_000
	// maxSeenOfUser has one user not take the room of all.
	maxSeenOfUser = 200
	// maxAgent bounds what is kept of a browser's name, in bytes.
	maxAgent = 256
)

// SeeSession remembers that a session was used.
func (s *Service) SeeSession(c ConsoleSession, address, agent string) {
	s.sessions.see(c, address, agent, time.Now())
}

func (s *sessions) see(c ConsoleSession, address, agent string, now time.Time) {
	agent = agent[:min(len(agent), maxAgent)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.seen[c.ID]; known != nil {
		known.Last = now
		if known.Expires.Before(c.Expires) {
			known.Expires = c.Expires
		}
		if known.Address != address || known.Agent != agent {
			known.Address, known.Agent = address, strings.ToValidUTF8(agent, "")
		}
		return
	}
	if s.seen == nil {
		s.seen = map[string]*SeenSession{}
	}
	s.makeRoom(c.User, now)
	s.seen[c.ID] = &SeenSession{ConsoleSession: c, Address: address, Agent: strings.ToValidUTF8(agent, ""), Last: now}
}

// makeRoom forgets sessions that are over, and, where a user or all have as many
// as are remembered, the one that was not used for the longest time.
func (s *sessions) makeRoom(user string, now time.Time) {
	var oldest, oldestOfUser *SeenSession
	total, ofUser := 0, 0
	for id, x := range s.seen {
		if !now.Before(x.Expires) {
			delete(s.seen, id)
			continue
		}
		total++
		if oldest == nil || x.Last.Before(oldest.Last) {
			oldest = x
		}
		if x.User != user {
			continue
		}
		ofUser++
		if oldestOfUser == nil || x.Last.Before(oldestOfUser.Last) {
			oldestOfUser = x
		}
	}
	switch {
	case ofUser >= maxSeenOfUser:
		delete(s.seen, oldestOfUser.ID)
	case total >= maxSeen:
		delete(s.seen, oldest.ID)
	}
}

// SessionsSeen are the sessions that go on, as far as this node has seen them: of
// one user, or of all where user is nil. They are in no order.
func (s *Service) SessionsSeen(user *string) []SeenSession {
	now := time.Now()
	out := s.sessions.all(user)
	live := out[:0]
	d := s.dir.Load()
	for _, x := range out {
		if now.Before(x.Expires) && !s.sessions.over(x.ID) && !d.ended.has(&x.ConsoleSession) && !s.void(Token{User: x.User, Expires: x.Expires, Issued: x.Issued}) {
			live = append(live, x)
		}
	}
	return live
}

func (s *sessions) all(user *string) []SeenSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SeenSession
	for _, x := range s.seen {
		if user == nil || x.User == *user {
			out = append(out, *x)
		}
	}
	return out
}
