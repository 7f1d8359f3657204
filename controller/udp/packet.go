package udp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strconv"
	"sync"

	"github.com/pharos-registry/pharos/service/push"
)

const (
	// compressFrom is the length from which a datagram is compressed as a whole.
	compressFrom = 1024
	// maxDatagram is what UDP over IPv4 can carry; the buffer of the SDKs is 64 KiB.
	maxDatagram = 65_507
	// maxAck bounds an acknowledgement; real ones have some 70 bytes.
	maxAck = 1024
)

// packer makes datagrams. Compressors are kept: each needs 800 KB.
type packer struct{ compressors sync.Pool }

// pack is the datagram that tells an SDK what c says.
func (p *packer) pack(c *push.Content) []byte {
	b := make([]byte, 0, len(c.Body)+len(c.Body)/8+64)
	b = append(b, `{"type":"dom","data":"`...)
	b = appendEscaped(b, c.Body)
	b = append(b, `","lastRefTime":`...)
	b = strconv.AppendInt(b, c.Seq, 10)
	b = append(b, '}')
	if len(b) < compressFrom {
		return b
	}
	return p.compress(b)
}

func (p *packer) compress(b []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(b) / 4)
	w, ok := p.compressors.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	w.Reset(&out)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	p.compressors.Put(w)
	return out.Bytes()
}

// appendEscaped appends JSON as the inside of a JSON string.
func appendEscaped(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// ParseAck returns the lastRefTime of an acknowledgement, which may be a number
// or a string, and whether b is one at all.
func ParseAck(b []byte) (seq int64, ok bool) {
	if len(b) > maxAck {
		return 0, false
	}
	var ack struct {
		Type        string      `json:"type"`
		LastRefTime json.Number `json:"lastRefTime"`
	}
	if json.Unmarshal(b, &ack) != nil || ack.Type != "push-ack" {
		return 0, false
	}
	seq, err := ack.LastRefTime.Int64()
	return seq, err == nil
}
