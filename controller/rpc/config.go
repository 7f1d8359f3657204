package rpc

import (
	"context"
	"errors"
	"log/slog"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// codeNoConfig is the errorCode of a query for what is not there; in other
// answers the number means something else.
const codeNoConfig = 300

// maxDataID bounds a data id, in characters.
const maxDataID = 256

// Configs serves the configuration centre over gRPC: a thin adapter, as the one
// of HTTP. It listens for connections on behalf of their clients.
type Configs struct {
	config    *config.Service
	guard     *middleware.Guard
	log       *slog.Logger
	followers followers
}

// NewConfigs returns the adapter. Its Types go to New, and its Closed to OnClosed.
func NewConfigs(c *config.Service, g *middleware.Guard, log *slog.Logger) *Configs {
	return &Configs{config: c, guard: g, log: log, followers: followers{of: map[*Conn]*follower{}}}
}

// Types are the rows of the table of requests.
func (s *Configs) Types() []Type {
	may := func(do middleware.Action) middleware.Access {
		return middleware.Access{Class: middleware.Client, Action: do, Resource: middleware.ConfigResource}
	}
	listen := may(middleware.Read)
	listen.Each = true
	return []Type{
		Handle(Type{
			Name: "ConfigQueryRequest", Answer: "ConfigQueryResponse", Module: middleware.Config, Access: may(middleware.Read),
			Failed: noConfig{},
		}, s.query),
		Handle(Type{
			Name: "ConfigPublishRequest", Answer: "ConfigPublishResponse", Module: middleware.Config, Access: may(middleware.Write),
		}, s.publish),
		Handle(Type{
			Name: "ConfigRemoveRequest", Answer: "ConfigRemoveResponse", Module: middleware.Config, Access: may(middleware.Write),
		}, s.remove),
		Handle(Type{
			Name: "ConfigBatchListenRequest", Answer: "ConfigChangeBatchListenResponse", Module: middleware.Config, Access: listen,
			Failed: listenAnswer{Changed: []spelled{}},
		}, s.listen),
	}
}

// configID is how requests name a config. Nil is a name that was left out.
type configID struct {
	Head

	DataID *Text `json:"dataId"`
	Group  *Text `json:"group"`
	Tenant Text  `json:"tenant"`
}

func (r *configID) check(*limits) error {
	return checkConfig(string(r.Tenant), textOf(r.DataID), textOf(r.Group))
}

func checkConfig(tenant, dataID, group string) error {
	if err := legal.NamespaceID(tenant); err != nil {
		return err
	}
	if err := legal.Chars("dataId", dataID, maxDataID, "_:.-"); err != nil {
		return err
	}
	return legal.Group(group)
}

func (r *configID) resource() auth.Resource {
	k := r.key()
	return auth.Resource{Namespace: k.Tenant, Group: k.Group, Name: k.DataID, Kind: middleware.ConfigResource}
}

func (r *configID) key() config.Key {
	return config.Key{Tenant: config.Namespace(string(r.Tenant)), Group: textOf(r.Group), DataID: textOf(r.DataID)}
}

// missing says which of the names was left out, "" if none was.
func (r *configID) missing() string {
	switch {
	case r.DataID == nil:
		return "dataId"
	case r.Group == nil:
		return "group"
	default:
		return ""
	}
}

func textOf(t *Text) string {
	if t == nil {
		return ""
	}
	return string(*t)
}

type configQuery struct {
	configID

	Tag Text `json:"tag"`
}

// found is a config as it is answered. What is nil is left out.
type found struct {
	Content      string  `json:"content"`
	EncryptedKey *string `json:"encryptedDataKey,omitempty"`
	Type         string  `json:"contentType,omitempty"`
	MD5          string  `json:"md5"`
	Modified     int64   `json:"lastModified"`
	Tag          string  `json:"tag,omitempty"`
	Beta         bool    `json:"beta"`
}

// noConfig is what an answer without a config has beside its error.
type noConfig struct {
	Modified int64  `json:"lastModified"`
	Tag      string `json:"tag,omitempty"` // that was asked for
	Beta     bool   `json:"beta"`
}

// query reads the copy that the client sees: by the address that it says it has,
// or by the tag of the request alone.
func (s *Configs) query(_ context.Context, c *Call, r *configQuery) (any, error) {
	if m := r.missing(); m != "" {
		return nil, &RefusalError{Code: codeInternal, Msg: m + " is missing", Fields: noConfig{}}
	}
	k := r.key()
	v := s.config.Read(k, c.Conn.ClientIP, string(r.Tag), "")
	if v == nil {
		return nil, &RefusalError{Code: codeNoConfig, Msg: "config data not exist", Fields: noConfig{Tag: string(r.Tag)}}
	}
	f := found{
		Content: string(v.Content), Type: v.Type, MD5: v.MD5, Modified: v.Modified, Tag: v.Tag(), Beta: v.Gray != "" && v.Tag() == "",
	}
	if v.EncryptedKey != "" || v.Gray == "" {
		f.EncryptedKey = &v.EncryptedKey
	}
	if f.Type == "" && v.Gray == "" {
		f.Type = "text"
	}
	return f, nil
}

type configPublish struct {
	configID

	Content *Text            `json:"content"`
	CASMD5  Text             `json:"casMd5"`
	More    map[string]*Text `json:"additionMap"`
}

// more is what stands in additionMap under a name, nil for nothing.
func (r *configPublish) more(name string) *string {
	if t := r.More[name]; t != nil {
		s := string(*t)
		return &s
	}
	return nil
}

func (r *configPublish) text(name string) string { return textOf(r.More[name]) }

// publish writes a config, or the copy of it for addresses or a tag.
func (s *Configs) publish(ctx context.Context, c *Call, r *configPublish) (any, error) {
	if m := r.missing(); m != "" {
		return nil, &RefusalError{Code: codeParam, Msg: "invalid " + m + " : null"}
	}
	if r.Content == nil {
		return nil, &RefusalError{Code: codeParam, Msg: "content is blank : null"}
	}
	p := config.Publish{
		Key: r.key(), Content: string(*r.Content), Tag: r.text("tag"), BetaIPs: r.text("betaIps"), CASMD5: string(r.CASMD5),
		AppName: r.more("appName"), Tags: r.more("config_tags"), Type: r.more("type"), Desc: r.more("desc"), Use: r.more("use"),
		Effect: r.more("effect"), Schema: r.more("schema"), EncryptedKey: r.text("encryptedDataKey"), By: author(c, r.text("src_user")),
	}
	if err := s.config.CheckNamed(p.Key, p.Content); err != nil {
		return nil, s.refusal(codeParam, err)
	}
	gray := config.GrayName(p.Tag, p.BetaIPs)
	c.Before = s.config.MD5(p.Key, gray)
	if err := s.config.Publish(ctx, p); err != nil {
		return nil, s.refusal(codeInternal, err)
	}
	c.After = s.config.MD5(p.Key, gray)
	return nil, nil
}

// author is who asks for a write; named is who the request says it is.
func author(c *Call, named string) config.Author {
	a := config.Author{User: named, IP: c.Conn.ClientIP}
	if a.User == "" {
		a.User = c.User
	}
	if a.IP == "" {
		a.IP = hostOf(c.Conn.Remote)
	}
	return a
}

type configRemove struct {
	configID

	Tag Text `json:"tag"`
}

// remove removes a config, or the copy of it for a tag.
func (s *Configs) remove(ctx context.Context, c *Call, r *configRemove) (any, error) {
	const code = 0 // as Nacos has it, whatever went wrong
	if m := r.missing(); m != "" {
		return nil, &RefusalError{Code: code, Msg: "invalid " + m + " : null"}
	}
	k := r.key()
	gray := config.GrayName(string(r.Tag), "")
	c.Before = s.config.MD5(k, gray)
	if err := s.config.Remove(ctx, k, string(r.Tag), author(c, "")); err != nil {
		return nil, s.refusal(code, err)
	}
	c.After = s.config.MD5(k, gray)
	return nil, nil
}

// refusal is a failure of the configuration centre as clients are told it: in
// the type that answers the request, which they do not try again by themselves.
func (s *Configs) refusal(code int, err error) error {
	e, ok := errors.AsType[*service.Error](err)
	if !ok {
		return err
	}
	if e.Err != nil {
		s.log.Warn("a config was not written", "error", err)
	}
	return &RefusalError{Code: code, Msg: e.Msg}
}
