package controller

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

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
	if err != nil {
		return nil, archiveRefusal(err)
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
				item.Content, item.Current = &c.Content, a.shownPart(q, c.Key, c.Current)
			}
		}
		out.Counts[item.State]++
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// How often a long import says how far it is, and how long a line of that may
// take to be written.
const (
	progressEvery = 100 * time.Millisecond
	progressWrite = 10 * time.Second
)

// progress writes lines of how far a call is, before its answer. The answer of
// one that is done at once has none.
type progress struct {
	q    *middleware.Request
	last time.Time
}

// tell writes a line, if the last one is some time ago. A reader who has left is
// no reason to stop.
func (p *progress) tell(done, of int) {
	if time.Since(p.last) < progressEvery {
		return
	}
	p.last = time.Now()
	w := p.q.Gin.Writer
	if !w.Written() {
		noStore(p.q)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("X-Accel-Buffering", "no")
	}
	b, err := json.Marshal(map[string]int{"done": done, "of": of})
	if err != nil {
		return
	}
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(p.last.Add(progressWrite)) // there is none in tests
	_, _ = w.Write(append(b, '\n'))
	_ = conn.Flush()
	_ = conn.SetWriteDeadline(time.Time{})
}

// extImport is an import that says how far it is. What it answers is the last
// line, of whatever status the first one was.
func (a *API) extImport(q *middleware.Request) (any, error) {
	f := formOf(q)
	policy := f.policy()
	if err := firstError(f.err, a.agreed(q, namespaceOf(q))); err != nil {
		return nil, err
	}
	file, ok := q.Params.File("file")
	if !ok {
		return nil, service.Errorf(service.ParamMissing, "Required parameter 'file' is not present")
	}
	if err := a.wholeArchive(q, file); err != nil {
		return nil, err
	}
	t, p := touched{a: a}, progress{q: q, last: q.Arrived}
	out, err := a.o.Config.ImportTelling(q.Context(), namespaceOf(q), file, policy, signed(q), t.watch(permit(q, auth.Write)), p.tell)
	q.Before, q.After = t.before(), t.after()
	switch {
	case errors.Is(err, config.ErrNoNamespace):
		return nil, service.Errorf(service.NamespaceMissing, "the namespace does not exist")
	case err != nil:
		return nil, archiveRefusal(err)
	}
	return out, nil
}

// archiveRefusal is what is said of a file that cannot be imported.
func archiveRefusal(err error) error {
	switch {
	case errors.Is(err, config.ErrNoConfigs):
		return refusal(http.StatusBadRequest, service.BadParam, "invalid", "there is no config in this file")
	case errors.Is(err, config.ErrMetadata):
		return refusal(http.StatusBadRequest, service.BadParam, "invalid", "the metadata of this file cannot be read")
	}
	return err
}
