package udp_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strconv"
	"testing"

	"github.com/pharos-registry/pharos/controller/udp"
)

func TestParseAck(t *testing.T) {
	for text, want := range map[string]int64{
		`{"type": "push-ack", "lastRefTime":"1234567890123456", "data":""}`: 1234567890123456,
		`{"type":"push-ack","lastRefTime":77,"data":null}`:                  77,
		`{"type":"push-ack","lastRefTime":"-5"}`:                            -5,
	} {
		if seq, ok := udp.ParseAck([]byte(text)); !ok || seq != want {
			t.Errorf("ParseAck(%s) = %d, %v", text, seq, ok)
		}
	}
	for _, text := range []string{
		``, `{}`, `null`, `[]`, `push-ack`,
		`{"type":"push-ack"}`,
		`{"type":"push-ack","lastRefTime":""}`,
		`{"type":"push-ack","lastRefTime":"x"}`,
		`{"type":"push-ack","lastRefTime":1.5}`,
		`{"type":"push-ack","lastRefTime":99999999999999999999}`,
		`{"type":"unknown-ack","lastRefTime":"1"}`,
		`{"type":"push-ack","lastRefTime":"1","data":"` + string(bytes.Repeat([]byte("x"), 2000)) + `"}`,
	} {
		if seq, ok := udp.ParseAck([]byte(text)); ok {
			t.Errorf("ParseAck(%.80s) = %d, want none", text, seq)
		}
	}
}

// FuzzParseAck holds that the parser never panics, and that what it takes is an
// acknowledgement that encoding/json reads alike.
func FuzzParseAck(f *testing.F) {
	f.Add([]byte(`{"type": "push-ack", "lastRefTime":"1234567890123456", "data":""}`))
	f.Add([]byte(`{"type":"push-ack","lastRefTime":77}`))
	f.Add([]byte(`{"type":"push-ack","lastRefTime":""}`))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		seq, ok := udp.ParseAck(b)
		if !ok {
			return
		}
		again := `{"type":"push-ack","lastRefTime":"` + strconv.FormatInt(seq, 10) + `"}`
		if s, ok := udp.ParseAck([]byte(again)); !ok || s != seq {
			t.Errorf("%q was read as %d, which is not read alike", b, seq)
		}
		if !json.Valid(b) {
			t.Errorf("%q is no JSON", b)
		}
	})
}

// packet is a datagram as an SDK reads it.
type packet struct {
	Type        string `json:"type"`
	Data        string `json:"data"`
	LastRefTime int64  `json:"lastRefTime"`
	zipped      bool
}

func read(tb testing.TB, b []byte) packet {
	tb.Helper()
	var p packet
	if len(b) > 1 && b[0] == 0x1f && b[1] == 0x8b {
		p.zipped = true
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			tb.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			tb.Fatal(err)
		}
	}
	if err := json.Unmarshal(b, &p); err != nil {
		tb.Fatalf("%v in %q", err, b)
	}
	return p
}
