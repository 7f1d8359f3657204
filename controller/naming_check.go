package controller

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

// check is what runs after authorization and before the handler of a naming
// route: names and lengths of what was sent, with an answer that looks the same
// in every dialect.
func (a *API) check() middleware.Middleware {
	return func(r *middleware.Route, next middleware.Handler) middleware.Handler {
		if r.Module != middleware.Naming || a.o.NoParamCheck {
			return next
		}
		v1, kind := strings.HasPrefix(r.Path, v1Naming), checkStandard
		switch {
		case strings.HasSuffix(r.Path, "/instance/list"):
			kind = checkList
		case strings.HasSuffix(r.Path, "/beat"):
			return next // the handler checks, with what it has to read anyway: see checkBeat
		case strings.HasSuffix(r.Path, "/metadata/batch"):
			kind = checkBatch
		}
		return func(q *middleware.Request) (any, error) {
			c := checker{api: a, v1: v1, p: &q.Params}
			if err := c.run(kind); err != nil {
				return nil, err
			}
			return next(q)
		}
	}
}

// checkKind is what of a request is checked.
type checkKind uint8

const (
	checkStandard checkKind = iota // what most routes are sent
	checkList                      // several clusters, no instance
	checkBatch                     // instances in JSON
)

// checker checks the parameters of one request.
type checker struct {
	api *API
	v1  bool
	p   *middleware.Params
}

func (c *checker) run(kind checkKind) error {
	switch kind {
	case checkList:
		return c.list()
	case checkBatch:
		return c.batch()
	default:
		return c.standard()
	}
}

// either is the first of two names that is there.
func (c *checker) either(name, other string) string {
	if v, ok := c.p.Lookup(name); ok {
		return v
	}
	return c.p.Get(other)
}

// names checks the namespace, the service and the group.
func (c *checker) names() error {
	if err := legal.NamespaceID(c.p.Get("namespaceId")); err != nil {
		return err
	}
	name, group := c.either("serviceName", "serviceNameParam"), c.either("groupName", "groupNameParam")
	if c.v1 {
		name = strings.TrimSpace(name)
	}
	if g, s, ok := strings.Cut(name, "@@"); ok {
		group, name = g, s
	}
	if err := legal.ServiceName(name); err != nil {
		return err
	}
	return legal.Group(group)
}

func (c *checker) standard() error {
	if err := c.names(); err != nil {
		return err
	}
	if err := legal.Cluster(c.either("clusterName", "cluster")); err != nil {
		return err
	}
	if err := legal.IP(c.p.Get("ip")); err != nil {
		return err
	}
	if err := legal.Port(c.either("port", "checkPort")); err != nil {
		return err
	}
	return c.metadata()
}

func (c *checker) list() error {
	if err := c.names(); err != nil {
		return err
	}
	clusters := c.p.Get("clusters")
	if clusters == "" {
		return nil
	}
	for name := range strings.SplitSeq(clusters, ",") {
		if err := legal.Cluster(name); err != nil {
			return err
		}
	}
	return nil
}

// checkBeat checks the parameters of a beat and what it says of its instance;
// info is nil where it says nothing.
func (a *API) checkBeat(q *middleware.Request, info *naming.BeatInfo) error {
	if a.o.NoParamCheck {
		return nil
	}
	c := checker{api: a, v1: strings.HasPrefix(q.Route.Path, v1Naming), p: &q.Params}
	if err := c.standard(); err != nil || info == nil {
		return err
	}
	if err := firstError(legal.IP(info.IP), legal.Cluster(info.Cluster)); err != nil {
		return err
	}
	// The reference does not look at it, and keeps what no registration may have.
	// Few beats have so much that it has to be counted.
	if raw := info.Metadata(); len(raw) > a.o.MaxMetadata {
		if n, err := a.o.Naming.MetadataLength(raw); err == nil && n > a.o.MaxMetadata {
			return legal.Illegal("Metadata", legal.TooLong(a.o.MaxMetadata))
		}
	}
	return nil
}

// instanceRef is an element of the parameter instances. Numbers and booleans may
// come as texts.
type instanceRef struct {
	IP      string      `json:"ip"`
	Port    json.Number `json:"port"`
	Cluster string      `json:"clusterName"`
}

func (c *checker) batch() error {
	if err := c.names(); err != nil {
		return err
	}
	if err := c.metadata(); err != nil {
		return err
	}
	refs, err := instanceRefs(c.p.Get("instances"))
	if err != nil {
		return c.page("errCode: 101, errMsg: Nacos deserialize for class [Instance] failed, cause error[it is no list of instances]")
	}
	for _, r := range refs {
		if err := firstError(legal.IP(r.IP), legal.Port(r.Port.String()), legal.Cluster(r.Cluster)); err != nil {
			return err
		}
	}
	return nil
}

func instanceRefs(raw string) (refs []instanceRef, err error) {
	if strings.TrimSpace(raw) == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(raw), &refs)
	return refs, err
}

func (c *checker) metadata() error {
	raw := strings.TrimSpace(c.p.Get("metadata"))
	if raw == "" {
		return nil
	}
	n, err := c.api.o.Naming.MetadataLength(raw)
	switch {
	case err != nil:
		why := "metadata format incorrect:" + naming.Quote(raw)
		if c.v1 {
			return c.page("ErrCode:400, ErrMsg:" + why + ";caused: " + why)
		}
		return c.page("ErrCode:400, ErrMsg:" + why)
	case n > c.api.o.MaxMetadata:
		return legal.Illegal("Metadata", legal.TooLong(c.api.o.MaxMetadata))
	}
	return nil
}

// page is a failure of the check itself, which the reference does not survive.
func (c *checker) page(why string) error {
	if c.v1 {
		why = "Server failed, caused: " + why + ";"
	}
	return &middleware.PageError{Status: http.StatusInternalServerError, Msg: why}
}
