package rpc_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/controller/rpc"
)

func TestPayloadThereAndBack(t *testing.T) {
	for _, p := range []rpc.Payload{
		{},
		{Type: "HealthCheckRequest", Body: []byte("{}")},
		{
			Type: "InstanceRequest", ClientIP: "10.0.0.8", Body: []byte(`{"a":1}`),
			Headers: map[string]string{"accessToken": strings.Repeat("t", 300), "app": "", "": "x"},
		},
	} {
		got, err := rpc.ParsePayload(p.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got.Type != p.Type || got.ClientIP != p.ClientIP || !bytes.Equal(got.Body, p.Body) || !maps.Equal(got.Headers, p.Headers) {
			t.Errorf("came back otherwise:\n%s", cmp.Diff(p, got))
		}
	}
}

// TestPayloadOfOthers reads messages as other implementations may write them.
func TestPayloadOfOthers(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     rpc.Payload
		bad      bool
	}{
		{name: "empty", in: ""},
		{name: "unknown fields", in: "\x08\x05\x12\x05\x1a\x03abc\x25\x00\x00\x00\x00", want: rpc.Payload{Type: "abc"}},
		{name: "metadata in two pieces", in: "\x12\x05\x1a\x03abc\x12\x03\x42\x01i", want: rpc.Payload{Type: "abc", ClientIP: "i"}},
		{name: "type_url is filled", in: "\x1a\x06\x0a\x01u\x12\x01b", want: rpc.Payload{Body: []byte("b")}},
		{name: "a header without a value", in: "\x12\x05\x3a\x03\x0a\x01k", want: rpc.Payload{Headers: map[string]string{"k": ""}}},
		{name: "cut off", in: "\x12\x05\x1a\x03ab", bad: true},
		{name: "a length beyond all", in: "\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", bad: true},
		{name: "no UTF-8", in: "\x12\x03\x1a\x01\xff", bad: true},
		{name: "too many headers", in: "\x12\x9a\x75" + manyHeaders(2500), bad: true},
	} {
		got, err := rpc.ParsePayload([]byte(c.in))
		if (err != nil) != c.bad {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, got); err == nil && d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// manyHeaders are n headers of six bytes, each with another two-letter name.
func manyHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\x3a\x04\x0a\x02")
		b.WriteByte(byte('0' + i/70))
		b.WriteByte(byte('0' + i%70))
	}
	return b.String()
}

func FuzzParsePayload(f *testing.F) {
	p := rpc.Payload{Type: "InstanceRequest", ClientIP: "10.0.0.8", Body: []byte(`{}`), Headers: map[string]string{"app": "a"}}
	f.Add(p.Append(nil))
	f.Add([]byte("\x12\x05\x1a\x03abc\x12\x03\x42\x01i"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := rpc.ParsePayload(b)
		if err != nil {
			return
		}
		again, err := rpc.ParsePayload(p.Append(nil))
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if again.Type != p.Type || again.ClientIP != p.ClientIP || !bytes.Equal(again.Body, p.Body) || !maps.Equal(again.Headers, p.Headers) {
			t.Fatalf("%+v became %+v", p, again)
		}
	})
}
