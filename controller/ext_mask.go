package controller

import (
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/mask"
)

// Where an administrator wants it so, what the console shows of configs has its
// secrets hidden from those who may not see them. Clients are shown everything:
// they need it.

// revealResource is the secrets of a config as permissions know them.
func revealResource(k config.Key) auth.Resource {
	r := configResource(k)
	r.Kind = middleware.RevealResource
	return r
}

// mayReveal reports whether the caller may see the secrets of a config.
func (a *API) mayReveal(q *middleware.Request, k config.Key) bool {
	return q.Allows(revealResource(k), auth.Read)
}

// hides reports whether the caller is shown a config without its secrets: he may
// not see them, or wants to be asked first.
func (a *API) hides(q *middleware.Request, k config.Key) bool {
	return a.o.Mask != nil && (q.Params.Get("masked") == "true" || !a.mayReveal(q, k))
}

// shown is content of a config as the caller may see it.
func (a *API) shown(q *middleware.Request, k config.Key, content string) string {
	if content == "" || !a.hides(q, k) {
		return content
	}
	return a.o.Mask.Hide(content).Shown
}

// shownPart is shown for content that may not be there.
func (a *API) shownPart(q *middleware.Request, k config.Key, content *string) *string {
	if content == nil {
		return nil
	}
	s := a.shown(q, k, *content)
	return &s
}

// hiddenAt is where a secret is hidden.
type hiddenAt struct {
	Line int    `json:"line"`
	Path string `json:"path"`
}

// hiddenIn is where secrets are hidden in a text.
func hiddenIn(t mask.Text) []hiddenAt {
	out := make([]hiddenAt, len(t.Places))
	for i, p := range t.Places {
		out[i] = hiddenAt{p.Line, p.Path}
	}
	return out
}

// errMasked refuses content that was read without its secrets: they would be lost.
func errMasked() error {
	return refusal(http.StatusBadRequest, service.BadParam, "masked", "the content still has "+mask.Token+" where secrets were hidden: put the values in their places")
}

// whole refuses content that was read without its secrets.
func whole(content string) error {
	if mask.Holds(content) {
		return errMasked()
	}
	return nil
}

// wholeArchive is whole for all that is in an archive. What cannot be read is
// refused later.
func (a *API) wholeArchive(q *middleware.Request, file []byte) error {
	nobody := func(config.Key) error { return service.Errorf(service.Forbidden, "nothing is shown") }
	plan, err := a.o.Config.PlanImport(q.Context(), "", file, nobody)
	if err != nil {
		return nil //nolint:nilerr // the import says it
	}
	for i := range plan.Configs {
		if err := whole(plan.Configs[i].Content); err != nil {
			return err
		}
	}
	return nil
}

// mayTake asks whether the caller may copy a config.
func (a *API) mayTake(q *middleware.Request) config.Permit {
	return func(k config.Key) error { return a.mayCopy(q, q.May, k) }
}

// asks is who decides whether something may be done: Request.May, or who only wants
// to know.
type asks func(auth.Resource, auth.Action) error

// mayCopy asks whether the caller may copy a config: also its secrets, if it has
// any, for the copy may be one that he may see.
func (a *API) mayCopy(q *middleware.Request, ask asks, k config.Key) error {
	if err := ask(configResource(k), auth.Read); err != nil || a.o.Mask == nil || a.mayReveal(q, k) {
		return err
	}
	c := a.o.Config.Copy(k, "")
	if c == nil || len(a.o.Mask.Hide(string(c.Content)).Places) == 0 {
		return nil
	}
	return ask(revealResource(k), auth.Read)
}

// revealed is a secret.
type revealed struct {
	Line  int    `json:"line"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// secrets are those of a config that were asked for.
type secrets struct {
	MD5    string     `json:"md5"`
	Values []revealed `json:"values"`
}

// extReveal shows secrets of a config: those of a path or a line, or all of them.
// The audit log names who asked and for which, never what was shown.
func (a *API) extReveal(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	path, line := f.text("path"), f.Num("line", 0)
	if f.err != nil {
		return nil, f.err
	}
	if a.o.Mask == nil {
		return nil, service.Errorf(service.Unsupported, "secrets are not hidden here: pharos.console.mask is off")
	}
	gray := f.text("name")
	c := a.o.Config.Copy(k, gray)
	if c == nil {
		return nil, service.Errorf(service.NotFound, "there is no such config")
	}
	out := secrets{MD5: c.MD5, Values: []revealed{}}
	if seen := f.text("md5"); seen != "" && seen != out.MD5 {
		return nil, a.overtaken(q, k, gray)
	}
	paths := []string{}
	for _, p := range a.o.Mask.Hide(string(c.Content)).Places {
		if (path == "" || p.Path == path) && (line == 0 || p.Line == line) {
			out.Values = append(out.Values, revealed{p.Line, p.Path, p.Value})
			paths = append(paths, p.Path)
		}
	}
	if len(paths) == 0 {
		return nil, service.Errorf(service.NotFound, "there is no secret at this place")
	}
	q.Params.Set("shown", strings.Join(paths, ", ")) // for the audit log
	q.Before = out.MD5
	return out, nil
}
