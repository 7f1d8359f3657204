package raftlog

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"
)

// A snapshot is
//
//	"PHSN" [version:1] [length:4][header, JSON]
//	for each Applier, by kind: [kind:1] chunks of [length:4][bytes], ended by [0:4]
//	[0:1]
//
// Raft's own store adds a checksum over all of it.
const (
	snapshotMagic   = "PHSN"
	snapshotVersion = 1
	maxHeader       = 64 << 10
	maxChunk        = 1 << 20
)

var errSnapshot = errors.New("ill-formed snapshot")

// snapshotHeader says what the snapshot holds. Applied is what decides at start
// whether the state on disk is older than it.
type snapshotHeader struct {
	Applied map[Kind]uint64 `json:"applied"`
}

// section is one Applier's part.
type section struct {
	kind Kind
	r    io.ReadCloser
}

// snapshot is what Raft persists while commands go on being applied.
type snapshot struct {
	header   snapshotHeader
	sections []section
}

var _ raft.FSMSnapshot = (*snapshot)(nil)

// Persist implements raft.FSMSnapshot.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	w := bufio.NewWriterSize(sink, maxChunk)
	err := s.write(w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (s *snapshot) Release() {
	for _, x := range s.sections {
		_ = x.r.Close()
	}
}

func (s *snapshot) write(w io.Writer) error {
	h, err := json.Marshal(s.header)
	if err != nil {
		return err
	}
	b := append([]byte(snapshotMagic), snapshotVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(len(h))) //nolint:gosec // a header has some hundred bytes
	if _, err := w.Write(append(b, h...)); err != nil {
		return err
	}
	for _, x := range s.sections {
		if err := writeSection(w, x); err != nil {
			return fmt.Errorf("snapshot of kind %d: %w", x.kind, err)
		}
	}
	_, err = w.Write([]byte{0})
	return err
}

func writeSection(w io.Writer, x section) error {
	if _, err := w.Write([]byte{byte(x.kind)}); err != nil {
		return err
	}
	buf := make([]byte, 4+maxChunk)
	for {
		n, err := io.ReadFull(x.r, buf[4:])
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return err
		}
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n)) //nolint:gosec // at most the size of the buffer
			if _, err := w.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		if ended {
			_, err := w.Write(make([]byte, 4))
			return err
		}
	}
}

// readHeader reads the beginning of a snapshot.
func readHeader(r io.Reader) (h snapshotHeader, err error) {
	var b [len(snapshotMagic) + 1 + 4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return h, err
	}
	if string(b[:len(snapshotMagic)]) != snapshotMagic {
		return h, errSnapshot
	}
	if v := b[len(snapshotMagic)]; v != snapshotVersion {
		return h, fmt.Errorf("%w: version %d is not known", errSnapshot, v)
	}
	size := binary.BigEndian.Uint32(b[len(snapshotMagic)+1:])
	if size > maxHeader {
		return h, errSnapshot
	}
	j := make([]byte, size)
	if _, err := io.ReadFull(r, j); err != nil {
		return h, err
	}
	return h, json.Unmarshal(j, &h)
}

// readSections calls fn for each section in turn; fn need not read it whole.
func readSections(r io.Reader, fn func(Kind, io.Reader) error) error {
	for {
		var k [1]byte
		if _, err := io.ReadFull(r, k[:]); err != nil {
			return unexpected(err)
		}
		if k[0] == 0 {
			return nil
		}
		c := &chunks{r: r}
		if err := fn(Kind(k[0]), c); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, c); err != nil {
			return err
		}
	}
}

// chunks reads one section.
type chunks struct {
	r    io.Reader
	left uint32
	done bool
}

// Read implements io.Reader.
func (c *chunks) Read(b []byte) (int, error) {
	for c.left == 0 {
		if c.done {
			return 0, io.EOF
		}
		var h [4]byte
		if _, err := io.ReadFull(c.r, h[:]); err != nil {
			return 0, unexpected(err)
		}
		c.left = binary.BigEndian.Uint32(h[:])
		c.done = c.left == 0
		if c.left > maxChunk {
			return 0, errSnapshot
		}
	}
	if uint32(min(len(b), maxChunk)) > c.left {
		b = b[:c.left]
	}
	n, err := c.r.Read(b)
	c.left -= uint32(n) //nolint:gosec // at most c.left
	if n > 0 {
		err = nil
	}
	return n, unexpected(err)
}

// unexpected makes the end of a file an error: a snapshot says where it ends.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
