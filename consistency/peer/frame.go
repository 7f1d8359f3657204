package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// A frame is [length:4][type:1][id:8][payload]; length counts what follows it.
const (
	frameHeader = 1 + 8
	lengthBytes = 4
	maxKind     = 255 // bytes of a call's name
)

type frameType byte

const (
	frameRequest frameType = 1 // [timeout ms:4][len:1][kind][body]
	frameAnswer  frameType = 2 // body
	frameError   frameType = 3 // see encodeError
	frameCancel  frameType = 4 // nothing: the caller no longer waits
)

var errFrame = errors.New("ill-formed frame")

type frame struct {
	typ     frameType
	id      uint64
	payload []byte
}

// appendHeader starts a frame whose payload has n bytes.
func appendHeader(b []byte, t frameType, id uint64, n int) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(frameHeader+n)) //nolint:gosec // bounded by the frame limit before
	b = append(b, byte(t))
	return binary.BigEndian.AppendUint64(b, id)
}

// encodeFrame returns a whole frame.
func encodeFrame(t frameType, id uint64, payload []byte) []byte {
	b := make([]byte, 0, lengthBytes+frameHeader+len(payload))
	return append(appendHeader(b, t, id, len(payload)), payload...)
}

// readFrame reads one frame of at most limit bytes. A longer one is not read.
func readFrame(r io.Reader, limit int) (frame, error) {
	var h [lengthBytes + frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return frame{}, err
	}
	n := uint64(binary.BigEndian.Uint32(h[:]))
	if n < frameHeader {
		return frame{}, errFrame
	}
	if n > uint64(limit) { //nolint:gosec // a limit is positive
		return frame{}, fmt.Errorf("%w: %d bytes, limit %d", errFrame, n, limit)
	}
	f := frame{typ: frameType(h[lengthBytes]), id: binary.BigEndian.Uint64(h[lengthBytes+1:])}
	f.payload = make([]byte, n-frameHeader)
	_, err := io.ReadFull(r, f.payload)
	return f, err
}

// encodeRequest returns the frame of a request.
func encodeRequest(id uint64, timeout time.Duration, kind string, body []byte) []byte {
	n := 4 + 1 + len(kind) + len(body)
	b := appendHeader(make([]byte, 0, lengthBytes+frameHeader+n), frameRequest, id, n)
	b = binary.BigEndian.AppendUint32(b, uint32(timeout.Milliseconds())) //nolint:gosec // a limit of weeks would do no harm
	b = append(b, byte(len(kind)))                                       //nolint:gosec // Handle bounds the names of calls
	b = append(b, kind...)
	return append(b, body...)
}

// decodeRequest reads the payload of a request. body shares p's memory.
func decodeRequest(p []byte) (timeout time.Duration, kind string, body []byte, err error) {
	if len(p) < 5 || len(p) < 5+int(p[4]) {
		return 0, "", nil, errFrame
	}
	n := 5 + int(p[4])
	return time.Duration(binary.BigEndian.Uint32(p)) * time.Millisecond, string(p[5:n]), p[n:], nil
}
