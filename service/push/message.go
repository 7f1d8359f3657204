// Package push tells subscribers that something they follow has changed. Its Hub
// knows what is connected, folds changes that come close together into one, and
// never lets a slow reader hold up a writer or fill the memory.
package push

import (
	"sync"
	"sync/atomic"
	"time"
)

// Topic is what subscribers follow: a service of a namespace.
type Topic struct{ Namespace, Group, Service string }

// Subscriber is one follower of a topic.
type Subscriber struct {
	ID       string // of its connection
	Clusters string // as it asked, comma separated; "" is all
	Unsaid   bool   // it named no clusters, not even none
	Consumer string // its address if what it is told depends on that, else ""
}

// Form is the shape in which a topic is told.
type Form uint8

// The forms.
const (
	// Datagram is what 1.x SDKs read from UDP.
	Datagram Form = iota
	// Stream is what SDKs read from their gRPC connection.
	Stream
)

// Content is what a change says, in one form. All messages of one change share
// it, so that it is made once. It is not changed after it was handed over.
type Content struct {
	// Type names the payload for connections that carry several kinds.
	Type string
	// Body is the text, usually JSON.
	Body []byte
	// Seq is unique in this process and grows: subscribers send it back to say
	// that they have the message. It fits into 53 bits, all that a JavaScript
	// client can hold.
	Seq int64
	// Empty says that nothing is listed.
	Empty bool

	once sync.Once
	wire []byte
}

// Wire returns the body as enc packs it for the network, packed once.
func (c *Content) Wire(enc func(*Content) []byte) []byte {
	c.once.Do(func() { c.wire = enc(c) })
	return c.wire
}

// Message is something to tell one connection.
type Message struct {
	// Key says what the message is about. A message that has not been sent yet
	// is replaced by a newer one with the same Key. It must be comparable.
	Key any
	*Content
}

// Conn is a way to a subscriber. Send is called by one goroutine at a time for
// a connection that was attached; it may block as long as the connection takes
// bytes slowly, and returns an error when the message certainly did not go out.
// Close may be called at any time, more than once, and ends a blocked Send.
type Conn interface {
	Send(m Message) error
	Close()
}

// sequence gives the Seq of contents: microseconds since 1970, and never the
// same one twice.
type sequence struct{ last atomic.Int64 }

func (s *sequence) next() int64 {
	for {
		last := s.last.Load()
		n := max(time.Now().UnixMicro(), last+1)
		if s.last.CompareAndSwap(last, n) {
			return n
		}
	}
}
