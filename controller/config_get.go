package controller

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// absent is what a client is told that asks for a config that is not there.
const absent = "config data not exist"

//nolint:gochecknoglobals // made once
var (
	absentV1 = &middleware.Raw{Status: http.StatusNotFound, ContentType: middleware.JSONUTF8, Body: []byte(absent + "\n")}
	absentV2 = &middleware.Raw{
		Status: http.StatusNotFound,
		Body:   []byte(`{"code":20004,"message":"resource not found","data":"` + absent + "\"}\n"),
	}
)

// getConfig answers a client that reads a config, from memory.
func (a *API) getConfig(q *middleware.Request) (any, error) {
	c, err := a.copyFor(q)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return absentV1, nil
	}
	return rendered(c), nil
}

// getConfigV2 is getConfig with the content in an envelope.
func (a *API) getConfigV2(q *middleware.Request) (any, error) {
	c, err := a.copyFor(q)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return absentV2, nil
	}
	body, err := encode(result{0, "success", string(c.Content)})
	if err != nil {
		return nil, err
	}
	return &middleware.Raw{ContentType: middleware.JSONUTF8, Header: rendered(c).Header, Body: body}, nil
}

// copyFor is the copy that the caller sees, nil where there is none.
func (a *API) copyFor(q *middleware.Request) (*config.Copy, error) {
	f := formOf(q)
	k, tag := f.key(), f.text("tag")
	if f.err != nil {
		return nil, f.err
	}
	if err := config.CheckKey(k); err != nil {
		return nil, err
	}
	if err := config.CheckTag(tag); err != nil {
		return nil, err
	}
	if q.Header(readHeader) != "" {
		if err := a.o.Config.Current(q.Context(), k); err != nil {
			return nil, err
		}
	}
	return a.o.Config.Read(k, clientIP(q), tag, q.Header("Vipserver-Tag")), nil
}

// rendered is a copy as v1 answers it, made when it is first asked for.
func rendered(c *config.Copy) *middleware.Raw {
	if r, ok := c.Rendered.Load().(*middleware.Raw); ok {
		return r
	}
	typ := c.Type
	if typ == "" {
		typ = "text"
	}
	h := append(make([]middleware.Field, 0, 9), noCache...)
	h = append(
		h,
		middleware.Field{Name: "Config-Type", Value: []string{typ}},
		middleware.Field{Name: "Content-MD5", Value: []string{c.MD5}},
		middleware.Field{Name: "Last-Modified", Value: []string{time.UnixMilli(c.Modified).UTC().Format(http.TimeFormat)}},
		middleware.Field{Name: "Encrypted-Data-Key", Value: []string{c.EncryptedKey}},
	)
	if c.Gray == "beta" {
		h = append(h, middleware.Field{Name: "isBeta", Value: []string{"true"}})
	} else if tag := c.Tag(); tag != "" {
		h = append(h, middleware.Field{Name: "tag", Value: []string{javaEscape(tag)}})
	}
	r := &middleware.Raw{ContentType: middleware.TextPlain, Header: h, Body: c.Content}
	c.Rendered.Store(r)
	return r
}

// publishConfig is a publish over v1.
func (a *API) publishConfig(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := config.Publish{Key: f.key(), Content: f.Declared("content", "String")}
	if f.err != nil {
		return nil, f.err
	}
	p.Tags, p.By = f.optional("config_tags"), author(q, "src_user")
	return a.publish(q, &f, p)
}

// publishConfigV2 is a publish over v2, whose names differ and whose fields must
// be filled.
func (a *API) publishConfigV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := config.Publish{
		Key:     config.Key{Tenant: namespaceOf(q), DataID: f.notBlank("dataId"), Group: f.notBlank("group")},
		Content: f.notBlank("content"),
	}
	if f.err != nil {
		return nil, f.err
	}
	p.Tags, p.By = f.optional("configTags"), author(q, "srcUser")
	return a.publish(q, &f, p)
}

// notBlank is a field of a v2 form.
func (f *form) notBlank(name string) string {
	v := f.text(name)
	if strings.TrimSpace(v) == "" {
		f.fail(service.ParamMissing, "Required parameter '%s' type String is not present", name)
	}
	return v
}

// publish reads what both versions call by the same names.
func (a *API) publish(q *middleware.Request, f *form, p config.Publish) (any, error) {
	p.Tag, p.BetaIPs, p.CASMD5 = f.text("tag"), q.Header("Betaips"), q.Header("Casmd5")
	p.AppName, p.Type, p.EncryptedKey = f.optional("appName"), f.optional("type"), f.text("encryptedDataKey")
	p.Desc, p.Use, p.Effect, p.Schema = f.optional("desc"), f.optional("use"), f.optional("effect"), f.optional("schema")
	gray := config.GrayName(p.Tag, p.BetaIPs)
	q.Before = a.o.Config.MD5(p.Key, gray)
	if err := a.o.Config.Publish(q.Context(), p); err != nil {
		return nil, err
	}
	q.After = a.o.Config.MD5(p.Key, gray)
	return true, nil
}

// removeConfig removes a config or its copy for a tag, over v1 and v2.
func (a *API) removeConfig(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, tag := f.key(), f.text("tag")
	if f.err != nil {
		return nil, f.err
	}
	if err := config.CheckKey(k); err != nil {
		return nil, err
	}
	if rest, stored := strings.CutPrefix(tag, "tag_"); stored {
		if err := config.CheckTag(rest); err != nil {
			return nil, err
		}
	} else if err := config.CheckTag(tag); err != nil {
		return nil, err
	}
	gray := config.GrayName(strings.TrimPrefix(tag, "tag_"), "")
	q.Before = a.o.Config.MD5(k, gray)
	if err := a.o.Config.Remove(q.Context(), k, tag, author(q, "srcUser")); err != nil {
		return nil, err
	}
	return true, nil
}

// removeConfigs removes configs by their ids.
func (a *API) removeConfigs(q *middleware.Request) (any, error) {
	f := formOf(q)
	ids := f.ids("ids")
	if f.err != nil {
		return nil, f.err
	}
	t := touched{a: a}
	if err := a.o.Config.RemoveAll(q.Context(), ids, author(q, "srcUser"), t.watch(permit(q, auth.Write))); err != nil {
		return restOf(err)
	}
	q.Before = t.before()
	return restOK(true), nil
}

// restOf answers an error as some v1 endpoints do: with status 200. That the
// server cannot do it now is said by the status all the same.
func restOf(err error) (any, error) {
	_, ours := errors.AsType[*service.Error](err)
	if !ours || service.CodeOf(err) == service.Unavailable {
		return nil, err
	}
	_, msg := failure(err)
	return restFail(http.StatusInternalServerError, msg), nil
}

// javaEscape is Java's URLEncoder: a blank is a plus, and of the signs only
// these stay.
func javaEscape(s string) string {
	return string(appendEscaped(nil, s))
}

func appendEscaped(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '*', c == '_':
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}
