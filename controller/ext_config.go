package controller

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// What a write of a config expects to find, when it is no digest.
const (
	expectAny    = "any"
	expectAbsent = "absent"
)

// expect is what the writer has seen: a digest, absent or any. It has to be said.
func (f *form) expect() string { return strings.ToLower(strings.TrimSpace(f.notBlank("expect"))) }

// current is a config as whoever lost a race needs it to merge.
type current struct {
	Exists   bool   `json:"exists"`
	MD5      string `json:"md5"`
	Content  string `json:"content"`
	Type     string `json:"type"`
	User     string `json:"user"`
	Modified int64  `json:"modified"`
	Version  string `json:"version"`
}

// overtaken is the answer to a write that is based on what is no longer there.
func (a *API) overtaken(q *middleware.Request, k config.Key, gray string) error {
	ctx := q.Context()
	var now current
	if gray != "" {
		g, err := a.o.Config.Gray(ctx, k, gray)
		if err != nil {
			return err
		}
		if g != nil {
			now = current{Exists: true, MD5: g.MD5, Content: g.Content, User: deref(g.SrcUser), Modified: g.Modified.UnixMilli()}
		}
	} else {
		r, err := a.o.Config.Detail(ctx, k)
		if err != nil {
			return err
		}
		if r != nil {
			now = current{Exists: true, MD5: r.MD5, Content: r.Content, Type: deref(r.Type), User: deref(r.SrcUser), Modified: r.Modified.UnixMilli()}
			if now.Version, err = a.newestVersion(q, k); err != nil {
				return err
			}
		}
	}
	now.Content = a.shown(q, k, now.Content)
	e := refusal(http.StatusConflict, service.Conflict, "conflict", "somebody else has changed or removed it meanwhile")
	e.data = map[string]any{"current": now}
	return e
}

// published is what a publish has made.
type published struct {
	ID       string `json:"id"`
	MD5      string `json:"md5"`
	Modified int64  `json:"modified"`
	Version  string `json:"version"`
}

func (a *API) extPublish(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	if err := checkNamesV3(q); err != nil && !a.o.NoParamCheck {
		return nil, err
	}
	p := config.Publish{Key: k, Content: f.notBlank("content"), BetaIPs: f.text("betaIps"), Tag: f.text("tag"), By: signed(q)}
	p.AppName, p.Desc, p.Type, p.Tags = f.optional("appName"), f.optional("desc"), f.optional("type"), f.optional("tags")
	expect := f.expect()
	if f.err != nil {
		return nil, f.err
	}
	if err := firstError(whole(p.Content), a.agreed(q, k.Tenant)); err != nil {
		return nil, err
	}
	return a.publishExpecting(q, p, expect)
}

// publishExpecting publishes what is based on expect. Fields that are not given
// stay as they are.
func (a *API) publishExpecting(q *middleware.Request, p config.Publish, expect string) (any, error) {
	ctx := q.Context()
	gray := config.GrayName(p.Tag, p.BetaIPs)
	if err := config.CheckTag(p.Tag); err != nil {
		return nil, err
	}
	was, err := a.o.Config.Detail(ctx, p.Key)
	if err != nil {
		return nil, err
	}
	keep(&p, was)
	switch expect {
	case expectAny:
	case expectAbsent:
		if gray != "" && a.o.Config.MD5(p.Key, gray) != "" || gray == "" && was != nil {
			return nil, a.overtaken(q, p.Key, gray)
		}
		p.Absent = gray == ""
	default:
		if a.o.Config.MD5(p.Key, gray) == "" && (gray != "" || was == nil) {
			return nil, a.overtaken(q, p.Key, gray)
		}
		p.CASMD5, p.Present = expect, gray == ""
	}
	q.Before = a.o.Config.MD5(p.Key, gray)
	err = a.o.Config.Publish(ctx, p)
	if service.Is(err, service.Stale) || service.Is(err, service.Conflict) {
		return nil, a.overtaken(q, p.Key, gray)
	}
	if err != nil {
		return nil, err
	}
	q.After = a.o.Config.MD5(p.Key, gray)
	return a.publishedNow(q, p.Key, gray)
}

// keep fills the fields that were not given with those that there are.
func keep(p *config.Publish, was *config.Row) {
	if was == nil {
		return
	}
	if p.AppName == nil {
		p.AppName = &was.AppName
	}
	if p.Type == nil {
		p.Type = was.Type
	}
	if p.Desc == nil {
		p.Desc = was.Desc
	}
	if p.Tags == nil {
		p.Tags = was.Tags
	}
	p.Use, p.Effect, p.Schema = was.Use, was.Effect, was.Schema
}

func (a *API) publishedNow(q *middleware.Request, k config.Key, gray string) (any, error) {
	r, err := a.o.Config.Detail(q.Context(), k)
	if err != nil {
		return nil, err
	}
	out := published{MD5: a.o.Config.MD5(k, gray), Modified: q.Arrived.UnixMilli()}
	if r != nil {
		out.ID = itoa(r.ID)
		if gray == "" {
			out.Modified = r.Modified.UnixMilli()
		}
	}
	out.Version, err = a.newestVersion(q, k)
	return out, err
}

func (a *API) extRemove(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	expect := f.expect()
	if f.err != nil {
		return nil, f.err
	}
	if err := a.agreed(q, k.Tenant); err != nil {
		return nil, err
	}
	if expect == expectAny {
		expect = ""
	}
	q.Before = a.o.Config.MD5(k, "")
	err = a.o.Config.RemoveExactly(q.Context(), k, expect, signed(q))
	if service.Is(err, service.Stale) {
		return nil, a.overtaken(q, k, "")
	}
	return err == nil, err
}

// grayName is the name of a gray copy.
func (f *form) grayName() string {
	name := f.notBlank("name")
	if name != "beta" && !strings.HasPrefix(name, "tag_") {
		f.fail(service.BadParam, "name must be beta, or tag_ and a tag")
	}
	return name
}

func (a *API) extRemoveGray(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	name := f.grayName()
	if f.err != nil {
		return nil, f.err
	}
	if err := a.agreed(q, k.Tenant); err != nil {
		return nil, err
	}
	q.Before = a.o.Config.MD5(k, name)
	return true, a.o.Config.RemoveGray(q.Context(), k, name, signed(q))
}

// extPromote makes the gray copy the formal one. If the server stops in between
// both have the same content, and the gray one can be removed later.
func (a *API) extPromote(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	name, expect, seen := f.grayName(), f.expect(), f.text("expectGray")
	if f.err != nil {
		return nil, f.err
	}
	if err := a.agreed(q, k.Tenant); err != nil {
		return nil, err
	}
	g, err := a.o.Config.Gray(q.Context(), k, name)
	switch {
	case err != nil:
		return nil, err
	case g == nil:
		return nil, service.Errorf(service.NotFound, "there is no such gray copy")
	case seen != "" && seen != g.MD5:
		return nil, a.overtaken(q, k, name)
	}
	p := config.Publish{Key: k, Content: g.Content, EncryptedKey: g.EncryptedDataKey, By: signed(q)}
	out, err := a.publishExpecting(q, p, expect)
	if err != nil {
		return nil, err
	}
	return out, a.o.Config.RemoveGray(q.Context(), k, name, p.By)
}

func (a *API) extRestore(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	nid, expect := f.number64("nid"), f.expect()
	if f.err != nil {
		return nil, f.err
	}
	if err := a.agreed(q, k.Tenant); err != nil {
		return nil, err
	}
	h, err := a.o.Config.Version(q.Context(), k, nid)
	if err == nil && h == nil {
		err = service.Errorf(service.NotFound, "there is no such version")
	}
	if err != nil {
		return nil, err
	}
	content, key, err := a.contentOf(q.Context(), h)
	if err != nil {
		return nil, err
	}
	p := config.Publish{Key: k, Content: content, EncryptedKey: key, By: signed(q)}
	if t := extOf(h).Type; t != "" {
		p.Type = &t
	}
	return a.publishExpecting(q, p, expect)
}

// contentOf is what a version has published, or, of a removal, removed.
func (a *API) contentOf(ctx context.Context, h *config.HistoryRow) (content, key string, err error) {
	if h.Op != "U" {
		return h.Content, h.EncryptedDataKey, nil
	}
	after, err := a.o.Config.ReplacedBy(ctx, h)
	switch {
	case err != nil:
		return "", "", err
	case after == nil:
		return "", "", service.Errorf(service.NotFound, "the content of this version is not there any more")
	}
	return after.Content, after.EncryptedKey, nil
}

// checkNamesV3 is the check of names, of those that v3 has.
func checkNamesV3(q *middleware.Request) error {
	return firstError(checkNames(q), groupName.check(q.Params.Get("groupName")))
}

// versionName is how the console calls the version that a row of history began.
func versionName(nid int64) string { return "h" + strconv.FormatInt(nid, 10) }
