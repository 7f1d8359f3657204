package controller

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/bulk"
	"github.com/pharos-registry/pharos/service/config"
)

// labels are what is said of a config beside its content.
type labels struct {
	Type string   `json:"type"`
	App  string   `json:"appName"`
	Desc string   `json:"desc"`
	Tags []string `json:"tags"`
}

// same does not look at the order of the tags: the database keeps none.
func (l labels) same(m labels) bool {
	return l.Type == m.Type && l.App == m.App && l.Desc == m.Desc && slices.Equal(slices.Sorted(slices.Values(l.Tags)), slices.Sorted(slices.Values(m.Tags)))
}

// relabel is what is to be said of configs. A nil pointer leaves what is there.
type relabel struct {
	kind, app, desc *string
	tags            []string // in the place of those that there are; nil leaves them
	add, remove     []string
}

// maxLabel bounds each value of a relabel, in bytes: no column is wider.
const maxLabel = 1024

// maxApp is how long an application's name may be, in letters: the width of Nacos's
// column.
const maxApp = 128

// relabelOf reads a relabel out of the parameters of a plan. Their names are others
// than those of the list of configs, whose parameters may choose the configs.
func relabelOf(f *form) (r relabel) {
	value := func(name string) *string {
		p := f.Pointer(name)
		if p == nil {
			return nil
		}
		if len(*p) > maxLabel {
			f.fail(service.BadParam, "%s is longer than %d bytes", name, maxLabel)
		}
		v := strings.TrimSpace(strings.Clone(*p)) // a plan outlives its request
		return &v
	}
	r.kind, r.app, r.desc = value("setType"), value("setAppName"), value("setDesc")
	if r.kind != nil && !config.KnownType(*r.kind) {
		f.fail(service.BadParam, "setType is no type of configs")
	}
	if v := value("setTags"); v != nil {
		r.tags = tagsIn(*v)
	}
	r.add, r.remove = tagsIn(deref(value("addTags"))), tagsIn(deref(value("removeTags")))
	if r.app != nil && utf8.RuneCountInString(*r.app) > maxApp {
		f.fail(service.BadParam, "setAppName is longer than %d letters", maxApp)
	}
	joined := strings.Join(slices.Concat(r.tags, r.add), ",")
	if err := (&config.Publish{Desc: r.desc, Tags: &joined}).CheckAbout(); err != nil && f.err == nil {
		f.err = err
	}
	if r.kind == nil && r.app == nil && r.desc == nil && r.tags == nil && len(r.add)+len(r.remove) == 0 {
		f.fail(service.BadParam, "nothing is said that is to be changed")
	}
	return r
}

// tagsIn are the tags of a list with commas.
func tagsIn(list string) []string {
	tags := []string{}
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

// of is what l becomes.
func (r *relabel) of(l labels) labels {
	for p, v := range map[*string]*string{&l.Type: r.kind, &l.App: r.app, &l.Desc: r.desc} {
		if v != nil {
			*p = *v
		}
	}
	tags := l.Tags
	if r.tags != nil {
		tags = r.tags
	}
	l.Tags = []string{}
	for _, t := range slices.Concat(tags, r.add) {
		if !slices.Contains(r.remove, t) && !slices.Contains(l.Tags, t) {
			l.Tags = append(l.Tags, t)
		}
	}
	return l
}

// labelling changes what is said of a config, and leaves its content as it is: those
// who listen are not told.
type labelling struct {
	key      config.Key
	how      relabel
	md5      string // of the content that stays; "": whatever is there when it is planned
	was, now labels // of the plan
	back     bool   // now is what was there before: it is put back as it is
}

func (l *labelling) about() actRecord {
	return actRecord{resource: middleware.ConfigResource, names: nameOfConfig(l.key), before: l.md5, after: l.md5}
}

func (l *labelling) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(configResource(l.key), auth.Write)
}

func (l *labelling) plan(p *planning) bulk.Item {
	it := bulk.Item{Target: configTargetOf(l.key), Effect: bulk.Update}
	x := p.a.o.Config.Cache().Get(l.key)
	if x == nil || x.Formal == nil || x.Formal.About == nil {
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("missing")}
		return it
	}
	seen := labels{x.Formal.Type, x.Formal.About.AppName, x.Formal.About.Desc, emptyNotNull(words(x.Formal.About.Tags))}
	switch {
	case !l.back:
		l.was, l.now = seen, l.how.of(seen)
	case !l.was.same(seen) || l.md5 != x.Formal.MD5:
		it.Warnings = append(it.Warnings, warning("changed")) // it will be a conflict
	}
	if !l.back {
		if l.md5 != "" && l.md5 != x.Formal.MD5 {
			it.Warnings = append(it.Warnings, warning("changed"))
		}
		l.md5 = x.Formal.MD5
	}
	joined := strings.Join(l.now.Tags, ",")
	switch {
	case seen.same(l.now):
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("same")}
	case (&config.Publish{Tags: &joined}).CheckAbout() != nil:
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("tags_full")}
	}
	if p.q.Sees(configResource(l.key)) {
		it.Before, it.After = seen, l.now
	}
	return it
}

func (l *labelling) do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error) {
	r, err := a.o.Config.Detail(ctx, l.key)
	switch {
	case err != nil:
		return nil, err
	case r == nil || r.MD5 != l.md5 || !l.was.same(labels{deref(r.Type), r.AppName, deref(r.Desc), emptyNotNull(words(deref(r.Tags)))}):
		return nil, errPlanStale()
	}
	tags := strings.Join(l.now.Tags, ",")
	err = a.o.Config.Publish(ctx, config.Publish{
		Key: l.key, Content: r.Content, EncryptedKey: r.EncryptedDataKey, AppName: &l.now.App, Type: &l.now.Type, Desc: &l.now.Desc, Tags: &tags,
		Use: r.Use, Effect: r.Effect, Schema: r.Schema, CASMD5: l.md5, Present: true, By: signed(q),
	})
	return &labelling{key: l.key, md5: l.md5, was: l.now, now: l.was, back: true}, err
}
