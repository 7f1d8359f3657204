package controller

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/audit"
)

func (a *API) extAdminRoutes() []middleware.Route {
	const get, put = http.MethodGet, http.MethodPut
	self := manage(middleware.Read, "console/samples")
	self.Self = true
	return append(
		extRows(middleware.Core, []middleware.Route{
			{Method: get, Path: "/rights/explain", Access: manage(middleware.Read, "console/permissions"), Do: unwrappedResult(a.explain)},
			{Method: get, Path: "/settings", Access: manage(middleware.Read, "nacos/admin"), Do: a.extSettings},
			{Method: get, Path: "/audit", Access: manage(middleware.Read, "console/audit"), Do: a.extAudit},
			{Method: get, Path: "/samples", Access: self, Do: a.extSamples},
		}),
		extRows(middleware.Naming, []middleware.Route{
			{Method: get, Path: "/switches", Access: manage(middleware.Read, "naming/switches"), Do: a.extSwitches},
			{Method: put, Path: "/switches", Access: manage(middleware.Write, "naming/switches"), Do: a.extSetSwitch},
		})...,
	)
}

// unwrappedResult takes off the envelope of a handler that brings its own.
func unwrappedResult(do middleware.Handler) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		v, err := do(q)
		if r, ok := v.(result); ok {
			return r.Data, err
		}
		return v, err
	}
}

// SettingsView is what the server was set to.
type SettingsView struct {
	Sections []SettingsSection `json:"sections"`
	Derived  []Setting         `json:"derived"`
}

// SettingsSection is a part of the settings.
type SettingsSection struct {
	Title string    `json:"title"`
	Items []Setting `json:"items"`
}

// Setting is one thing that was set, or follows from what was.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // masked where it is a secret
	Source string `json:"source,omitempty"`
	Secret bool   `json:"secret,omitempty"`
	Doc    string `json:"doc,omitempty"`
}

func (a *API) extSettings(*middleware.Request) (any, error) {
	if a.o.Settings == nil {
		return nil, service.Errorf(service.Unsupported, "the settings are not known here")
	}
	return a.o.Settings(), nil
}

// auditPage is a part of the audit log that goes on at Next.
type auditPage struct {
	Items []audit.Record `json:"items"`
	Next  string         `json:"next"`
}

// maxAuditPage bounds the records of one answer.
const maxAuditPage = 500

func (a *API) extAudit(q *middleware.Request) (any, error) {
	f := formOf(q)
	query := audit.Query{
		User: f.text("user"), Outcome: f.text("outcome"), Contains: f.text("contains"), From: f.moment("from"), To: f.moment("to"), Limit: f.limit(maxAuditPage),
	}
	if c := f.text("cursor"); c != "" {
		at, err := time.Parse(time.RFC3339Nano, c)
		if err != nil {
			f.fail(service.BadParam, "cursor is none of this list")
		}
		query.To = at.Add(-time.Nanosecond)
	}
	if f.err != nil {
		return nil, f.err
	}
	if q.Params.Get("format") == "csv" {
		query.Limit = auditMost
	}
	found, err := a.o.Audit.Find(query)
	switch {
	case err != nil:
		return nil, service.Wrap(service.Internal, err, "the audit log cannot be read")
	case q.Params.Get("format") == "csv":
		return auditCSV(q, found)
	}
	p := auditPage{Items: found}
	if p.Items == nil {
		p.Items = []audit.Record{}
	}
	if len(found) == query.Limit {
		p.Next = found[len(found)-1].Time.Format(time.RFC3339Nano)
	}
	return p, nil
}

// switchLine is a switch and how it stands.
type switchLine struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

func (a *API) extSwitches(*middleware.Request) (any, error) {
	v := reflect.ValueOf(a.o.Naming.Switches()).Elem()
	lines := make([]switchLine, 0, v.NumField())
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "" {
			lines = append(lines, switchLine{name, v.Field(i).Interface()})
		}
	}
	return lines, nil
}

func (a *API) extSetSwitch(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, value := f.notBlank("name"), f.text("value")
	if f.err != nil {
		return nil, f.err
	}
	return true, a.o.Naming.SetSwitch(q.Context(), name, value, f.Bool("debug", false))
}
