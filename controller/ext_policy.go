package controller

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/namespace"
)

func (a *API) extPolicyRoutes() []middleware.Route {
	const namespaces = "console/namespaces"
	list := manage(middleware.Read, namespaces)
	list.Self = true // who may see the names of namespaces may see how they are marked
	return extRows(middleware.Core, []middleware.Route{
		{Method: http.MethodGet, Path: "/namespace/policies", Access: list, Do: a.extPolicies},
		{Method: http.MethodPut, Path: "/namespace/policy", Access: manage(middleware.Write, namespaces), Do: a.extPutPolicy},
	})
}

// policyView is the policy of a namespace.
type policyView struct {
	Namespace string `json:"namespaceId"`
	Protected bool   `json:"protected"`
	Note      bool   `json:"noteRequired"`
	Color     string `json:"color"`
	Label     string `json:"label"`
}

func policyViewOf(id string, p namespace.Policy) policyView {
	return policyView{shownNamespace(id), p.Protected, p.Note, p.Color, p.Label}
}

// extPolicies are the policies of the namespaces that have one.
func (a *API) extPolicies(q *middleware.Request) (any, error) {
	all, err := a.o.Namespaces.Policies(q.Context())
	if err != nil {
		return nil, err
	}
	out := make([]policyView, 0, len(all))
	for id, p := range all {
		out = append(out, policyViewOf(id, p))
	}
	slices.SortFunc(out, func(x, y policyView) int { return strings.Compare(x.Namespace, y.Namespace) })
	return out, nil
}

func (a *API) extPutPolicy(q *middleware.Request) (any, error) {
	f := formOf(q)
	f.notBlank("namespaceId")
	p := namespace.Policy{Protected: f.flag("protected"), Note: f.flag("noteRequired"), Color: f.text("color"), Label: f.text("label")}
	if f.err != nil {
		return nil, f.err
	}
	err := a.o.Namespaces.SetPolicy(q.Context(), namespaceOf(q), p)
	return err == nil, err
}

// flag is true or false and nothing else: what was meant to protect must not be taken for
// the opposite.
func (f *form) flag(name string) bool {
	v := f.Optional(name, "false")
	if v != "true" && v != "false" {
		f.fail(service.BadParam, "%s must be true or false", name)
	}
	return v == "true"
}

// maxNote bounds what a change is said to be for, in letters.
const maxNote = 500

// noteOf is what the caller says the change is for.
func noteOf(q *middleware.Request) string { return strings.TrimSpace(q.Params.Get("note")) }

// signed is who asks for a write through our console, and what for.
func signed(q *middleware.Request) config.Author {
	by := author(q, "srcUser")
	by.Note = noteOf(q)
	return by
}

// agreed refuses a write to configs that has not what the policy of their namespace asks
// for: the id of a protected one in confirm, and a note.
func (a *API) agreed(q *middleware.Request, tenant string) error {
	return a.agreedTo(q, []string{tenant}, []string{tenant})
}

// agreedTo is agreed for a write to several namespaces: those that have to be named
// where they are protected, and those whose configs are changed.
func (a *API) agreedTo(q *middleware.Request, named, changed []string) error {
	note := noteOf(q)
	if !utf8.ValidString(note) || utf8.RuneCountInString(note) > maxNote {
		return service.Errorf(service.BadParam, "note is longer than %d letters", maxNote)
	}
	all, err := a.o.Namespaces.Policies(q.Context())
	if err != nil {
		return err
	}
	confirmed := strings.Split(q.Params.Get("confirm"), ",")
	for _, tenant := range named {
		if id := shownNamespace(tenant); all[tenant].Protected && !slices.Contains(confirmed, id) {
			e := refusal(http.StatusBadRequest, service.BadParam, "unconfirmed", "the namespace is protected: confirm has to name it")
			e.params = map[string]string{"namespaceId": id}
			return e
		}
	}
	for _, tenant := range changed {
		if all[tenant].Note && note == "" {
			e := refusal(http.StatusBadRequest, service.BadParam, "note_required", "a change in this namespace needs a note that says what it is for")
			e.params = map[string]string{"namespaceId": shownNamespace(tenant)}
			return e
		}
	}
	return nil
}

// agreedPlan is agreed for the acts of a plan: those that change configs, and those that
// remove services or instances. What sets instances is no more than a switch.
func (a *API) agreedPlan(q *middleware.Request, acts []bulkAct) error {
	var named, changed []string
	for _, k := range keysOfActs(acts) {
		named, changed = append(named, k.Tenant), append(changed, k.Tenant)
	}
	for _, act := range acts {
		switch x := act.(type) {
		case *emptying:
			named = append(named, config.Namespace(x.key.Namespace))
		case *setting:
			if x.deregister {
				named = append(named, config.Namespace(x.key.Namespace))
			}
		}
	}
	return a.agreedTo(q, named, changed)
}
