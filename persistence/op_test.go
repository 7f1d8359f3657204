package persistence_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
)

var update = flag.Bool("update", false, "write golden files of ops that have none")

// ops is one of each op on configs, namespaces and users, with every field set.
func ops() []persistence.Op {
	k := persistence.ConfigKey{Tenant: "dev", Group: "G", DataID: "app.yaml"}
	w := writer("ann")
	q := &persistence.Quotas{Cluster: 1, Group: 2, Tenant: 3, Percent: 4}
	of := persistence.EnsureCapacity{Of: persistence.CapacityOf{Tenant: true, Name: "dev"}, Quotas: *q, Time: now}
	return []persistence.Op{
		persistence.PublishConfig{
			ConfigKey: k, Writer: w, Content: "a: <1>\n", MD5: digest("a: <1>\n"), EncryptedDataKey: "key", AppName: new("app"), Tags: new("x,y"), Type: new("yaml"),
			Desc: new("d"), Use: new("u"), Effect: new("e"), Schema: new("s"), CAS: digest("x"), InsertOnly: true, Count: q,
		},
		persistence.RemoveConfig{ConfigKey: k, Writer: w, Count: q},
		persistence.RemoveConfigs{IDs: []int64{1, 2}, Writer: w, Count: q},
		persistence.UpdateMetadata{ConfigKey: k, Tags: new(""), Desc: new("d")},
		persistence.PublishGray{
			ConfigKey: k, Writer: w, Name: "beta", Rule: persistence.BetaRule("10.0.0.1"), Content: "c", MD5: digest("c"), EncryptedDataKey: "key",
			AppName: "app", CAS: digest("x"), Max: 10,
		},
		persistence.RemoveGray{ConfigKey: k, Writer: w, Name: "tag_x"},
		persistence.PurgeHistory{Before: now, Keep: 5, Limit: 1000},
		of,
		persistence.UpdateCapacity{EnsureCapacity: of, Quota: new(int64(1)), MaxSize: new(int64(2)), MaxAggrCount: new(int64(3)), MaxAggrSize: new(int64(4))},
		persistence.CorrectUsage{Time: now},
		persistence.InitCapacity{Quotas: *q, Time: now},
		persistence.MergeAggregate{ConfigKey: k},
		persistence.CreateTenant{ID: "dev", Name: "Dev", Desc: new("d"), Time: now},
		persistence.UpdateTenant{ID: "dev", Name: "Dev", Desc: new("d"), Time: now},
		persistence.RemoveTenant{ID: "dev"},
		persistence.CreateUser{Name: "u", Password: "hash", First: "ROLE_ADMIN"},
		persistence.UpdatePassword{Name: "u", Password: "hash"},
		persistence.RemoveUser{Name: "u", Roles: true},
		persistence.AddRole{Role: "r", User: "u"},
		persistence.RemoveRole{Role: "r", User: "u"},
		persistence.AddPermission{Role: "r", Resource: "dev:*:*", Action: "rw"},
		persistence.RemovePermission{Role: "r", Resource: "dev:*:*", Action: "rw"},
		persistence.RevokeTokens{User: "u", Before: now},
		persistence.EndSession{User: "u", ID: "s", Before: now, Kept: "k", Since: now, Expires: now.Add(time.Hour), Now: now, Max: 10},
		persistence.PutPreference{User: "u", Name: "views", Value: "[]", Bounds: persistence.PreferenceBounds{Names: 1, Bytes: 2, Rows: 3}},
		persistence.PutPolicy{Tenant: "dev", Policy: `{"protected":true}`, Rows: 9},
	}
}

// What an op of any version that was shipped looked like still decodes, to the
// same op, and takes effect. A golden file is never changed.
func TestGoldenOps(t *testing.T) {
	db := open(t)
	for _, op := range ops() {
		name := reflect.TypeOf(op).Name()
		path := filepath.Join("testdata", "ops", name+".golden")
		b := must(persistence.Marshal(op))(t)
		if _, err := os.Stat(path); os.IsNotExist(err) && *update {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		golden := must(os.ReadFile(path))(t)
		got, err := persistence.Unmarshal(golden)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(op, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if !bytes.Equal(golden[:2], b[:2]) {
			t.Errorf("%s: another code", name)
		}
		if _, err := db.Apply(t.Context(), got); err != nil && !strings.Contains(err.Error(), "not found") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every op that is known has a golden file; naming keeps its own beside them.
func TestUnmarshalRefuses(t *testing.T) {
	for name, b := range map[string]string{
		"empty": "", "short": "\x00", "no op": "\xff\xff{}", "copy of rows": "\x00\x00{}", "no json": "\x00\xc8{", "another type": "\x00\xc8[]", "a text for a number": "\x00\xca{\"IDs\":\"x\"}",
	} {
		if op, err := persistence.Unmarshal([]byte(b)); err == nil {
			t.Errorf("%s: %+v", name, op)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, op := range ops() {
		b, err := persistence.Marshal(op)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	db := open(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		op, err := persistence.Unmarshal(b)
		if err != nil {
			return
		}
		again, err := persistence.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := persistence.Unmarshal(again); err != nil || !sameJSON(t, op, back) {
			t.Fatalf("%T: %v", op, err)
		}
		// It is refused or takes effect; the database goes on either way.
		_, _ = db.Apply(t.Context(), op)
		if _, err := db.CountConfigs(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return bytes.Equal(must(json.Marshal(a))(t), must(json.Marshal(b))(t))
}

// TestSince has no op claim a version that this program does not tell others of.
func TestSince(t *testing.T) {
	for _, op := range ops() {
		if v := persistence.Since(op); v < 1 || v > persistence.LogVersion {
			t.Errorf("%T is of version %d, the program of %d", op, v, persistence.LogVersion)
		}
	}
}
