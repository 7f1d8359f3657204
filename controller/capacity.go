package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// capacityView is what a group or a namespace may use, and uses.
type capacityView struct {
	ID           string  `json:"id"`
	Quota        int64   `json:"quota"`
	Usage        int64   `json:"usage"`
	MaxSize      int64   `json:"maxSize"`
	MaxAggrCount int64   `json:"maxAggrCount"`
	MaxAggrSize  int64   `json:"maxAggrSize"`
	GmtCreate    *string `json:"gmtCreate"`   // never read by the reference
	GmtModified  *string `json:"gmtModified"` // nor this one
}

// Texts of the capacity endpoints.
const (
	noSubject = "The parameter group and tenant cannot be empty at the same time"
	noNumber  = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time"
)

func refuse(msg string, data any) error {
	r := restFail(http.StatusBadRequest, msg)
	r.Data = data
	return &refusedError{http.StatusBadRequest, r}
}

// getCapacity shows the capacity of a namespace, or else of a group.
func (a *API) getCapacity(q *middleware.Request) (any, error) {
	group, hasGroup := q.Params.Lookup("group")
	tenant, hasTenant := q.Params.Lookup("tenant")
	switch {
	case !hasGroup && !hasTenant:
		return nil, refuse(noSubject, nil)
	case !hasGroup && tenant == "":
		return nil, refuse("tenant cannot be an empty string", nil)
	}
	of := config.CapacityOf{Name: group}
	if tenant != "" {
		of = config.CapacityOf{Tenant: true, Name: tenant}
	}
	c, err := a.o.Config.Capacity(q.Context(), of)
	if err != nil {
		return nil, err
	}
	v := capacityView{ID: itoa(c.ID), Quota: c.Quota, Usage: c.Usage, MaxSize: c.MaxSize, MaxAggrCount: c.MaxAggrCount, MaxAggrSize: c.MaxAggrSize}
	if of.Tenant {
		return restOK(struct {
			capacityView
			Tenant string `json:"tenant"`
		}{v, tenant}), nil
	}
	return restOK(struct {
		capacityView
		Group string `json:"group"`
	}{v, group}), nil
}

// setCapacity changes what a namespace, or else a group, may use.
func (a *API) setCapacity(q *middleware.Request) (any, error) {
	f := formOf(q)
	group, tenant := f.text("group"), f.optional("tenant")
	change := config.CapacityChange{
		Quota: f.OptionalInt("quota"), MaxSize: f.OptionalInt("maxSize"),
		MaxAggrCount: f.OptionalInt("maxAggrCount"), MaxAggrSize: f.OptionalInt("maxAggrSize"),
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case group == "" && (tenant == nil || *tenant == ""):
		// As in the reference, a request about nobody counts for all whose usage
		// was never counted, before it is refused.
		if err := a.o.Config.InitCapacity(q.Context()); err != nil {
			return nil, err
		}
		return nil, refuse(noSubject, false)
	case change == (config.CapacityChange{}):
		return nil, refuse(noNumber, false)
	case tenant != nil && *tenant == "":
		return nil, refuse("parameter tenant is empty.", false)
	}
	for _, n := range []*int64{change.Quota, change.MaxSize, change.MaxAggrCount, change.MaxAggrSize} {
		if n != nil && *n < 0 { // the columns are unsigned
			return nil, service.Errorf(service.BadParam, "a capacity cannot be negative")
		}
	}
	of, what := config.CapacityOf{Name: group}, "group to "+group
	if tenant != nil {
		of, what = config.CapacityOf{Tenant: true, Name: *tenant}, "tenant to "+*tenant
	}
	const text = " updated the capacity information configuration of "
	if err := a.o.Config.SetCapacity(q.Context(), of, change); err != nil {
		return nil, err
	}
	msg := "successfully" + text + what
	return restResult{http.StatusOK, &msg, true}, nil
}
