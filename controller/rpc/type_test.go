package rpc_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
)

// TestEveryTypeDeclaresItsAccess walks the table: what asks for no permission is
// on this short list.
func TestEveryTypeDeclaresItsAccess(t *testing.T) {
	public := []string{"ServerCheckRequest", "HealthCheckRequest"}
	s, err := rpc.New(rpc.Options{}, rpc.NewConfigs(nil, nil, nil).Types()...)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Types()); n < 12 {
		t.Errorf("only %d types", n)
	}
	for _, r := range s.Types() {
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		switch a := r.Access; {
		case slices.Contains(public, r.Name):
			if a.Class != middleware.Public {
				t.Errorf("%s: SDKs send it before they have logged in", r.Name)
			}
		case a.Class != middleware.Client:
			t.Errorf("%s: class %d, want that of clients", r.Name, a.Class)
		case (r.Module == middleware.Config) != (a.Resource == middleware.ConfigResource):
			t.Errorf("%s: its resource %s is of another module", r.Name, a.Resource)
		}
	}
}

// A row that does not say who may send it stops the start.
func TestTypeWithoutAccessIsRefused(t *testing.T) {
	do := func(context.Context, *rpc.Call, *rpc.Head) (any, error) { return nil, nil }
	client := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: middleware.NamingResource}
	for name, row := range map[string]rpc.Type{
		"no access":   rpc.Handle(rpc.Type{Name: "XRequest", Answer: "XResponse"}, do),
		"no resource": rpc.Handle(rpc.Type{Name: "XRequest", Answer: "XResponse", Access: middleware.Access{Class: middleware.Client, Action: middleware.Read}}, do),
		"no action":   rpc.Handle(rpc.Type{Name: "XRequest", Answer: "XResponse", Access: middleware.Access{Class: middleware.Client, Resource: "naming"}}, do),
	} {
		if _, err := rpc.New(rpc.Options{}, row); !errors.Is(err, middleware.ErrNoAccess) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, row := range map[string]rpc.Type{
		"no handler": {Name: "XRequest", Answer: "XResponse", Access: client},
		"no answer":  rpc.Handle(rpc.Type{Name: "XRequest", Access: client}, do),
		"twice":      rpc.Handle(rpc.Type{Name: "InstanceRequest", Answer: "X", Access: client}, do),
	} {
		if _, err := rpc.New(rpc.Options{}, row); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
