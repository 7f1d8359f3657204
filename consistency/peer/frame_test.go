package peer

import (
	"bytes"
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"
)

func TestVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		newNode(t, nw, "b:1", shared(t, secret), echo)
		nc, err := nw.Host("a:1").Dial(t.Context(), "b:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = nc.Close() }()
		c := shared(t, secret)
		tc := tls.Client(nc, c.client)
		if err := tc.Handshake(); err != nil {
			t.Fatal(err)
		}
		hello := []byte(`{"id":"new","min":99,"max":120,"purpose":"calls","later":true}`)
		mac, _ := proof(c.fromClient, tc, hello)
		if err := writeHello(tc, hello, mac); err != nil {
			t.Fatal(err)
		}
		answer, _, err := readHello(tc)
		if err != nil || !bytes.Contains(answer, []byte(`"code":10`)) {
			t.Errorf("a node far ahead is told %q, %v", answer, err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(encodeRequest(7, time.Second, "kind", []byte("body")))
	f.Add(encodeFrame(frameError, 1, encodeError(ErrBusy)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		fr, err := readFrame(bytes.NewReader(b), limit)
		if err != nil {
			return
		}
		if len(fr.payload) > limit {
			t.Fatalf("payload of %d bytes", len(fr.payload))
		}
		if again := encodeFrame(fr.typ, fr.id, fr.payload); !bytes.Equal(again, b[:len(again)]) {
			t.Fatal("a frame does not survive")
		}
		if timeout, kind, body, err := decodeRequest(fr.payload); err == nil {
			re := encodeRequest(fr.id, timeout, kind, body)
			if !bytes.Equal(re[lengthBytes+frameHeader:], fr.payload) {
				t.Fatal("a request does not survive")
			}
		}
		_ = decodeError(fr.payload)
	})
}
