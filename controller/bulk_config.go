package controller

import (
	"context"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/bulk"
	"github.com/pharos-registry/pharos/service/config"
)

// configTarget is a config that an act is about.
type configTarget struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	DataID    string `json:"dataId"`
}

func configTargetOf(k config.Key) configTarget {
	return configTarget{"config", shownNamespace(k.Tenant), k.Group, k.DataID}
}

// configState is what a plan says of a config.
type configState struct {
	MD5  string `json:"md5"`
	Type string `json:"type"`
	Size int    `json:"size"`
}

// stateOfConfig is a config as the caller may see it; nil where there is none, or he
// may not.
func (a *API) stateOfConfig(q *middleware.Request, k config.Key) any {
	c := a.o.Config.Copy(k, "")
	if c == nil || !q.Sees(configResource(k)) {
		return nil
	}
	return configState{c.MD5, c.Type, len(c.Content)}
}

// told are warnings that a config is listened to, and has gray copies.
func (p *planning) told(k config.Key) (out []bulk.Warning) {
	if n := p.listening.all[k]; n > 0 {
		out = append(out, warning("listened", "n", strconv.Itoa(n)))
	}
	if n := len(p.a.o.Config.Cache().Get(k).Grays()); n > 0 {
		out = append(out, warning("gray", "n", strconv.Itoa(n)))
	}
	return out
}

// removal takes a config away that has still the digest of the plan.
type removal struct {
	key config.Key
	md5 string
}

func (r *removal) about() actRecord {
	return actRecord{resource: middleware.ConfigResource, names: nameOfConfig(r.key), before: r.md5}
}

func nameOfConfig(k config.Key) map[string]string {
	return map[string]string{"namespaceId": shownNamespace(k.Tenant), "groupName": k.Group, "dataId": k.DataID}
}

func (r *removal) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(configResource(r.key), auth.Write)
}

func (r *removal) plan(p *planning) bulk.Item {
	now := p.a.o.Config.MD5(r.key, "")
	it := bulk.Item{Target: configTargetOf(r.key), Effect: bulk.Delete, Before: p.a.stateOfConfig(p.q, r.key)}
	switch {
	case now == "":
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("missing")}
		return it
	case r.md5 == "":
		r.md5 = now
	case r.md5 != now:
		it.Warnings = append(it.Warnings, warning("changed"))
		r.md5 = now
	}
	it.Warnings = append(it.Warnings, p.told(r.key)...)
	return it
}

func (r *removal) do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error) {
	was, err := a.o.Config.Detail(ctx, r.key)
	switch {
	case err != nil:
		return nil, err
	case was == nil || was.MD5 != r.md5:
		return nil, errPlanStale()
	}
	if err := a.o.Config.RemoveExactly(ctx, r.key, r.md5, signed(q)); err != nil {
		return nil, err
	}
	return putBackOf(was, ""), nil
}

// putBack publishes once more what a config was before it was removed or replaced,
// with all that was said of it. The content is in the history.
type putBack struct {
	was    config.Row // without its content
	size   int
	expect string // the digest that is there now; "": there is no such config
}

func putBackOf(was *config.Row, expect string) *putBack {
	b := &putBack{was: *was, size: len(was.Content), expect: expect}
	b.was.Content = ""
	return b
}

func (b *putBack) about() actRecord {
	return actRecord{resource: middleware.ConfigResource, names: nameOfConfig(b.was.ConfigKey), before: b.expect, after: b.was.MD5}
}

func (b *putBack) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(configResource(b.was.ConfigKey), auth.Write)
}

func (b *putBack) plan(p *planning) bulk.Item {
	k := b.was.ConfigKey
	it := bulk.Item{Target: configTargetOf(k), Effect: bulk.Create, Before: p.a.stateOfConfig(p.q, k), Warnings: p.told(k)}
	if b.expect != "" {
		it.Effect = bulk.Update
	}
	if p.q.Sees(configResource(k)) {
		it.After = configState{b.was.MD5, deref(b.was.Type), b.size}
	}
	if p.a.o.Config.MD5(k, "") != b.expect {
		it.Warnings = append(it.Warnings, warning("changed")) // it will be a conflict: what came later is not overwritten
	}
	return it
}

// contentBefore is the content that a config had, out of its history.
func (b *putBack) contentBefore(ctx context.Context, a *API) (content, key string, err error) {
	const looked = 50 // versions; it is one of the last
	page, err := a.o.Config.History(ctx, b.was.ConfigKey, 1, looked)
	if err != nil {
		return "", "", err
	}
	for i := range page.Items {
		h := &page.Items[i]
		if op := strings.TrimSpace(h.Op); h.MD5 != b.was.MD5 || h.PublishType == "gray" || op != "D" && op != "U" {
			continue
		}
		full, err := a.o.Config.Version(ctx, b.was.ConfigKey, h.NID)
		if err != nil {
			return "", "", err
		}
		if full != nil && full.MD5 == b.was.MD5 {
			return full.Content, full.EncryptedDataKey, nil
		}
	}
	return "", "", service.Errorf(service.NotFound, "the content is not in the history any more")
}

func (b *putBack) do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error) {
	content, key, err := b.contentBefore(ctx, a)
	if err != nil {
		return nil, err
	}
	w := &b.was
	return a.put(ctx, config.Publish{
		Key: w.ConfigKey, Content: content, EncryptedKey: key, AppName: &w.AppName, Type: w.Type, Desc: w.Desc, Tags: w.Tags, Use: w.Use, Effect: w.Effect,
		Schema: w.Schema, By: signed(q),
	}, b.expect)
}

// put publishes in the place of what has the digest expect, "" is nothing, and
// returns what takes that back.
func (a *API) put(ctx context.Context, p config.Publish, expect string) (bulkAct, error) {
	was, err := a.o.Config.Detail(ctx, p.Key)
	switch {
	case err != nil:
		return nil, err
	case expect == "" && was != nil, expect != "" && (was == nil || was.MD5 != expect):
		return nil, errPlanStale()
	}
	p.Absent, p.CASMD5, p.Present = expect == "", expect, expect != ""
	if err := a.o.Config.Publish(ctx, p); err != nil {
		return nil, err
	}
	now := a.o.Config.MD5(p.Key, "")
	if was == nil {
		return &removal{p.Key, now}, nil
	}
	return putBackOf(was, now), nil
}

// duplicate copies a config, as config/clone does: with its application, type and
// description.
type duplicate struct {
	from, to  config.Key
	md5       string // of what is copied
	expect    string // of what is replaced; "": there is nothing
	overwrite bool
}

func (d *duplicate) about() actRecord {
	names := nameOfConfig(d.to)
	names["from"] = config.GroupKey(d.from)
	return actRecord{resource: middleware.ConfigResource, names: names, before: d.expect, after: d.md5}
}

func (d *duplicate) allowed(a *API, q *middleware.Request, ask asks) error {
	if err := a.mayCopy(q, ask, d.from); err != nil {
		return err
	}
	return ask(configResource(d.to), auth.Write)
}

func (d *duplicate) plan(p *planning) bulk.Item {
	d.md5, d.expect = p.a.o.Config.MD5(d.from, ""), p.a.o.Config.MD5(d.to, "")
	it := bulk.Item{Target: configTargetOf(d.to), Effect: bulk.Create, Before: p.a.stateOfConfig(p.q, d.to), After: p.a.stateOfConfig(p.q, d.from)}
	switch {
	case d.md5 == "":
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("missing")}
	case d.md5 == d.expect:
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("same")}
	case d.expect != "" && !d.overwrite:
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("exists")}
	case d.expect != "":
		it.Effect, it.Warnings = bulk.Update, p.told(d.to)
	}
	return it
}

func (d *duplicate) do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error) {
	r, err := a.o.Config.Detail(ctx, d.from)
	switch {
	case err != nil:
		return nil, err
	case r == nil || r.MD5 != d.md5:
		return nil, errPlanStale()
	}
	return a.put(ctx, config.Publish{
		Key: d.to, Content: r.Content, AppName: &r.AppName, Type: r.Type, Desc: r.Desc, EncryptedKey: r.EncryptedDataKey, By: signed(q),
	}, d.expect)
}
