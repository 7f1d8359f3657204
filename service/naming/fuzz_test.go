package naming_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service/naming"
)

// FuzzBeat holds the hand-written reader against encoding/json: what it takes is
// JSON, and what both take says the same.
func FuzzBeat(f *testing.F) {
	for _, s := range []string{
		`{"ip":"10.0.0.1","port":80,"weight":1.0,"serviceName":"g@@s","cluster":"DEFAULT","metadata":{},"scheduled":false,"period":5000,"stopped":false}`,
		`{"ip":"\u0031","port":"80","ephemeral":"false","metadata":{"a":{"b":[1]}}}`,
		`{}`, ` { "a" : [ "}" , "\"" ] , "ip" : null } `, `{"port":1e2}`, `{"port":-1}`, `[]`, `{"a":1,}`, `{"a":"\x"}`, `{"ip":"a` + "\n" + `"}`, `{"port":080}`,
		`{"weight":1.5e3,"cpu":0.1,"metadata":null}`, `{"a":tru}`, `{"a" "b"}`, `{"ip":"x"} x`, `{"metadata":{"a":1,"b":true,"c":null,"d":"\u00e9"}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		info, err := naming.ParseBeat(s)
		if err != nil {
			return
		}
		if !json.Valid([]byte(s)) {
			t.Fatalf("took what is not JSON: %q", s)
		}
		// encoding/json folds the case of names and mends UTF-8; a map does the former not.
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(s), &want); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		var ip string
		if raw := want["ip"]; len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &ip) == nil && strings.ToValidUTF8(info.IP, "\ufffd") != ip && !strings.Contains(ip, "\ufffd") {
			t.Errorf("%q: ip %q, want %q", s, info.IP, ip)
		}
		var port int
		if raw := want["port"]; len(raw) > 0 && raw[0] != '"' && json.Unmarshal(raw, &port) == nil && string(raw) != "null" && info.Port != port {
			t.Errorf("%q: port %d, want %d", s, info.Port, port)
		}
	})
}

// FuzzMetadata holds that metadata comes back from its own JSON as it was, and
// that what is shown is JSON.
func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "a=b", "a=b,c=d", "a=", `{"a":"b"}`, `{"a":1,"b":null}`, `{"a":"\u0000\ud800"}`, "\xff=\xfe", `{"a":{}}`, " {} "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := naming.ParseMetadata(s)
		if err != nil {
			return
		}
		text := m.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("%q is shown as %q, which is not JSON", s, text)
		}
		back, err := naming.ParseMetadata(string(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again := back.AppendJSON(nil); string(again) != string(text) {
			t.Errorf("%q came back as %q", text, again)
		}
	})
}

// FuzzSelector holds that a selector that is taken is shown as JSON that is taken
// again.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"", `{"type":"none"}`, `{"type":"label","expression":"CONSUMER.label.A = PROVIDER.label.A"}`, "%7B%22type%22%3A%22none%22%7D", `{"type":"label","expression":"CONSUMER.label.A"}`, "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sel, err := naming.ParseSelector(s)
		if err != nil {
			return
		}
		text := sel.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("%q is shown as %q, which is not JSON", s, text)
		}
		if strings.ContainsAny(string(text), "%+") {
			return // one more URL decoding would read it otherwise
		}
		back, err := naming.ParseSelector(string(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(back.Names) != len(sel.Names) {
			t.Errorf("labels %q became %q", sel.Names, back.Names)
		}
	})
}

// FuzzGrouped holds that a grouped name that is taken has two parts that are not
// empty, and comes back from them.
func FuzzGrouped(f *testing.F) {
	for _, s := range []string{"g@@s", "@@s", "g@@", "g", "", "a@@b@@c", "@@@", "@@@@", "a@b@@@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		group, svc, err := naming.ParseGrouped(s)
		if err != nil {
			return
		}
		k := naming.Key{Group: group, Service: svc}
		if group == "" || !strings.HasPrefix(s, k.Grouped()) {
			t.Errorf("%q became %q and %q", s, group, svc)
		}
		if _, err := naming.ParseKey("ns##" + s); err != nil {
			t.Errorf("%q is a name alone and none in a key: %v", s, err)
		}
	})
}
