package controller

import (
	"errors"
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// importPlan is what an import would do.
type importPlan struct {
	Namespace    string         `json:"namespaceId"`
	Exists       bool           `json:"exists"`
	Items        []plannedItem  `json:"items"`
	Unrecognized []string       `json:"unrecognized"`
	Counts       map[string]int `json:"counts"`
}

type plannedItem struct {
	Group   string  `json:"groupName"`
	DataID  string  `json:"dataId"`
	Type    string  `json:"type"`
	Size    int     `json:"size"`
	State   string  `json:"state"`
	Content *string `json:"content"`
	Current *string `json:"current"`
	May     bool    `json:"may"`
}

// What a plan shows of contents, in bytes: of one, and of all together.
const (
	maxPlanned    = 64 << 10
	maxPlannedAll = 4 << 20
)

// The states of a config of an archive.
const (
	planNew       = "new"
	planSame      = "same"
	planDifferent = "different"
)

func (a *API) extImportPlan(q *middleware.Request) (any, error) {
	file, ok := q.Params.File("file")
	if !ok {
		return nil, service.Errorf(service.ParamMissing, "Required parameter 'file' is not present")
	}
	ns := namespaceOf(q)
	seen := func(k config.Key) error {
		if !q.Sees(configResource(k)) {
			return service.Errorf(service.Forbidden, "not to be seen")
		}
		return nil
	}
	plan, err := a.o.Config.PlanImport(q.Context(), ns, file, seen)
	switch {
	case errors.Is(err, config.ErrNoConfigs):
		return nil, refusal(http.StatusBadRequest, service.BadParam, "invalid", "there is no config in this file")
	case errors.Is(err, config.ErrMetadata):
		return nil, refusal(http.StatusBadRequest, service.BadParam, "invalid", "the metadata of this file cannot be read")
	case err != nil:
		return nil, err
	}
	out := importPlan{
		Namespace: shownNamespace(ns), Exists: plan.Exists, Items: []plannedItem{}, Unrecognized: emptyNotNull(plan.Unrecognized),
		Counts: map[string]int{planNew: 0, planSame: 0, planDifferent: 0},
	}
	room := maxPlannedAll
	for i := range plan.Configs {
		c := &plan.Configs[i]
		item := plannedItem{Group: c.Key.Group, DataID: c.Key.DataID, Type: c.Type, Size: len(c.Content), State: planNew, May: q.Allows(configResource(c.Key), auth.Write)}
		switch {
		case c.Current == nil:
		case *c.Current == c.Content:
			item.State = planSame
		default:
			item.State = planDifferent
			if n := len(c.Content) + len(*c.Current); len(c.Content) <= maxPlanned && len(*c.Current) <= maxPlanned && n <= room {
				room -= n
				item.Content, item.Current = &c.Content, c.Current
			}
		}
		out.Counts[item.State]++
		out.Items = append(out.Items, item)
	}
	return out, nil
}
