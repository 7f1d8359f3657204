package controller

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

// The bounds of Nacos's check of naming's parameters, in UTF-16 characters.
const (
	maxServiceName = 512
	maxGroup       = 128
	maxClusterName = 64
	maxIP          = 128
)

// check is what runs after authorization and before the handler of a naming
// route: names and lengths of what was sent, with an answer that looks the same
// in every dialect.
func (a *API) check() middleware.Middleware {
	return func(r *middleware.Route, next middleware.Handler) middleware.Handler {
		if r.Module != middleware.Naming || a.o.NoParamCheck {
			return next
		}
		c := checker{api: a, v1: strings.HasPrefix(r.Path, v1Naming), check: (*checker).standard}
		switch {
		case strings.HasSuffix(r.Path, "/instance/list"):
			c.check = (*checker).list
		case strings.HasSuffix(r.Path, "/beat"):
			return next // the handler checks, with what it has to read anyway: see checkBeat
		case strings.HasSuffix(r.Path, "/metadata/batch"):
			c.check = (*checker).batch
		}
		return func(q *middleware.Request) (any, error) {
			c := c
			c.p = &q.Params
			if err := c.check(&c); err != nil {
				return nil, err
			}
			return next(q)
		}
	}
}

// checker checks the parameters of one request.
type checker struct {
	api   *API
	v1    bool
	check func(*checker) error
	p     *middleware.Params
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
	if err := checkNamespaceID(c.p.Get("namespaceId")); err != nil {
		return err
	}
	name, group := c.either("serviceName", "serviceNameParam"), c.either("groupName", "groupNameParam")
	if c.v1 {
		name = strings.TrimSpace(name)
	}
	if g, s, ok := strings.Cut(name, "@@"); ok {
		group, name = g, s
	}
	if err := checkServiceName(name); err != nil {
		return err
	}
	return checkChars("group", group, maxGroup, "_:.-")
}

func (c *checker) standard() error {
	if err := c.names(); err != nil {
		return err
	}
	if err := checkCluster(c.either("clusterName", "cluster")); err != nil {
		return err
	}
	if err := checkIP(c.p.Get("ip")); err != nil {
		return err
	}
	if err := checkPort(c.either("port", "checkPort")); err != nil {
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
		if err := checkCluster(name); err != nil {
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
	if err := checkIP(info.IP); err != nil {
		return err
	}
	return checkCluster(info.Cluster)
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
		if err := firstError(checkIP(r.IP), checkPort(r.Port.String()), checkCluster(r.Cluster)); err != nil {
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
		return illegal("Metadata", tooLong(c.api.o.MaxMetadata))
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

// tooManyChars reports whether s is longer than Java would let it be.
func tooManyChars(s string, limit int) bool {
	if len(s) <= limit {
		return false
	}
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n > limit
}

// checkChars allows letters, digits and what is in extra.
func checkChars(name, v string, limit int, extra string) error {
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if tooManyChars(v, limit) {
		return illegal(name, tooLong(limit))
	}
	for i := range len(v) {
		switch c := v[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(extra, c) >= 0:
		default:
			return illegal(name, badChars)
		}
	}
	return nil
}

func checkCluster(v string) error { return checkChars("cluster", v, maxClusterName, "_-") }

// odd reports whether a character is white space or a Chinese one, which names
// may not have. Unlike Nacos, neither may they have control characters, nor
// bytes that are none of a character.
func odd(r rune) bool {
	return r <= ' ' || r == 0x7F || r >= 0x4E00 && r <= 0x9FA5 || r == utf8.RuneError
}

func checkIP(v string) error {
	switch {
	case strings.TrimSpace(v) == "":
		return nil
	case tooManyChars(v, maxIP):
		return illegal("ip", tooLong(maxIP))
	case strings.ContainsFunc(v, odd):
		return illegal("ip", badChars)
	}
	return nil
}

// checkServiceName allows any first character but @ and a line's end.
func checkServiceName(v string) error {
	const name = "serviceName"
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if tooManyChars(v, maxServiceName) {
		return illegal(name, tooLong(maxServiceName))
	}
	for i, r := range v {
		bad := odd(r) || strings.HasPrefix(v[i:], "@@")
		if i == 0 {
			bad = r == '@' || r < ' ' && r != '\t' || r == 0x7F || r == utf8.RuneError
		}
		if bad {
			return illegal(name, badChars)
		}
	}
	return nil
}

func checkPort(v string) error {
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if n, err := strconv.ParseInt(v, 10, 32); err != nil || n < 0 || n > 65535 {
		return errPort
	}
	return nil
}

var errPort = illegal("port", "the value should be between 0 and 65535.")
