package preference_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/preference"
)

func open(t *testing.T) (*preference.Service, *persistence.DB) {
	t.Helper()
	db, err := persistence.Open(filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return preference.New(db, db.Apply), db
}

// Each user has his own, and gets back what he put, whatever letters it has.
func TestPut(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	const value = `{"name":"账单 é 😀 \" \u00e9","n":[1,null]}`
	for _, x := range []struct{ user, name, value string }{
		{"li", "settings", `{"theme":"dark"}`}, {"li", "views.configs", "[]"}, {"li", "views.configs", value}, {"wang", "settings", "1"}, {"li", "gone", "1"}, {"li", "gone", ""},
	} {
		if err := s.Put(t.Context(), x.user, x.name, x.value); err != nil {
			t.Fatalf("%+v: %v", x, err)
		}
	}
	got, err := s.Of(t.Context(), "li")
	if err != nil || len(got) != 2 || string(got["settings"]) != `{"theme":"dark"}` {
		t.Fatalf("%s %v", got, err)
	}
	var sent, back any
	if err := errors.Join(json.Unmarshal([]byte(value), &sent), json.Unmarshal(got["views.configs"], &back)); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(sent.(map[string]any), back.(map[string]any), func(a, b any) bool { x, _ := json.Marshal(a); y, _ := json.Marshal(b); return string(x) == string(y) }) {
		t.Errorf("%s", got["views.configs"])
	}
	if strings.IndexFunc(string(got["views.configs"]), func(r rune) bool { return r > '~' }) >= 0 {
		t.Errorf("stored as %s", got["views.configs"])
	}
	if none, err := s.Of(t.Context(), "nobody"); err != nil || none == nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	odd := persistence.PutPreference{User: "odd", Name: "a", Value: "no json", Bounds: persistence.PreferenceBounds{Names: 9, Bytes: 99, Rows: 99}}
	if _, err := db.Apply(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Of(t.Context(), "odd"); err != nil || len(got) != 0 {
		t.Errorf("%s %v", got, err)
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	long := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	for name, x := range map[string]struct {
		user, key, value string
		code             service.Code
	}{
		"nobody":           {"", "a", "1", service.BadParam},
		"a long name":      {strings.Repeat("x", 256), "a", "1", service.BadParam},
		"no key":           {"li", "", "1", service.BadParam},
		"a key of letters": {"li", "A/b", "1", service.BadParam},
		"a long key":       {"li", strings.Repeat("a", 65), "1", service.BadParam},
		"no JSON":          {"li", "a", "{", service.BadParam},
		"two of JSON":      {"li", "a", "1 2", service.BadParam},
		"long":             {"li", "a", long(preference.MaxValue + 1), service.TooLarge},
		"long as stored":   {"li", "a", `"` + strings.Repeat("é", preference.MaxValue/2-1) + `"`, service.TooLarge},
	} {
		if err := s.Put(t.Context(), x.user, x.key, x.value); service.CodeOf(err) != x.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range 4 { // as much as there is room for
		if err := s.Put(t.Context(), "li", "k"+strconv.Itoa(i), long(preference.MaxValue)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), "li", "k4", "1"); service.CodeOf(err) != service.TooLarge {
		t.Errorf("one byte too many: %v", err)
	}
	if err := s.Put(t.Context(), "li", "k3", long(preference.MaxValue)); err != nil {
		t.Errorf("in the place of another: %v", err)
	}
	for i := range 32 {
		if err := s.Put(t.Context(), "wang", "k"+strconv.Itoa(i), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), "wang", "k32", "1"); service.CodeOf(err) != service.TooLarge {
		t.Errorf("one key too many: %v", err)
	}
}

// away is a database that answers nothing but an error.
type away struct{ err error }

func (a away) Preferences(context.Context, string) ([]persistence.Preference, error) {
	return nil, a.err
}

func (a away) write(context.Context, persistence.Op) (persistence.Result, error) {
	return persistence.Result{}, a.err
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for cause, code := range map[error]service.Code{
		persistence.ErrUnavailable: service.Unavailable, persistence.ErrDenied: service.Unavailable, persistence.ErrUnsupported: service.Unsupported,
		persistence.ErrValue: service.BadParam, persistence.ErrTooMany: service.TooLarge, errors.New("what"): service.Internal,
		service.Errorf(service.Unavailable, "no leader"): service.Unavailable,
	} {
		s := preference.New(away{cause}, away{cause}.write)
		if _, err := s.Of(t.Context(), "li"); service.CodeOf(err) != code {
			t.Errorf("%v: of: %v", cause, err)
		}
		if err := s.Put(t.Context(), "li", "a", "1"); service.CodeOf(err) != code {
			t.Errorf("%v: put: %v", cause, err)
		}
	}
}
