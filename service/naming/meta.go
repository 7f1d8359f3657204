package naming

import (
	"encoding/json"
	"strings"

	"github.com/pharos-registry/pharos/service"
)

// Meta is the service-metadata record: what an operator has said of a service.
// It is never changed once set. A service that was only ever registered to has
// none.
type Meta struct {
	Ephemeral bool
	Threshold float32 // protection threshold, 0..1
	Metadata  *Metadata
	Selector  Selector
	Clusters  map[string]Cluster

	expired int64 // unix ms since when the service is gone; 0: it is there
}

// Cluster is what an operator has said of a cluster of a service.
type Cluster struct {
	CheckPort       int
	UseInstancePort bool
	Checker         Checker
	Metadata        *Metadata
}

// defaultCluster is the settings of a cluster of which nothing was said.
func defaultCluster() Cluster {
	return Cluster{CheckPort: 80, UseInstancePort: true, Checker: Checker{Type: CheckTCP}}
}

// Cluster returns the settings of a cluster, and whether they were given.
func (m *Meta) Cluster(name string) (Cluster, bool) {
	if m != nil {
		if c, ok := m.Clusters[name]; ok {
			return c, true
		}
	}
	return defaultCluster(), false
}

// The types of health checks. Clients know the first four; the others are
// additions.
const (
	CheckTCP    = "TCP"
	CheckHTTP   = "HTTP"
	CheckMySQL  = "MYSQL"
	CheckNone   = "NONE"
	CheckRedis  = "REDIS"
	CheckGRPC   = "GRPC"
	CheckCustom = "CUSTOM"
)

// maxChecker bounds a healthChecker parameter, in bytes.
const maxChecker = 16 << 10

// Checker says how the health of a cluster's persistent instances is checked.
type Checker struct {
	Type    string
	Path    string // HTTP
	Headers string // HTTP: Name:Value|Name2:Value2
	Expect  int    // HTTP: kept and shown; the reference never looks at it
	User    string // MYSQL
	Pwd     string // MYSQL
	Cmd     string // MYSQL; the command of other types
}

type checkerJSON struct {
	Type    string  `json:"type"`
	Path    *string `json:"path,omitempty"`
	Headers *string `json:"headers,omitempty"`
	Expect  *int    `json:"expectedResponseCode,omitempty"`
	User    *string `json:"user,omitempty"`
	Pwd     *string `json:"pwd,omitempty"`
	Cmd     *string `json:"cmd,omitempty"`
}

// ParseChecker reads a healthChecker parameter. A type that is missing or not
// known is NONE; members that are not known are ignored.
func ParseChecker(raw string) (Checker, error) {
	in := checkerJSON{}
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		return Checker{}, service.Wrap(service.BadParam, err, "Param 'healthChecker' is illegal, it should be a JSON object with a type")
	}
	c := Checker{Type: strings.ToUpper(in.Type), Path: text(in.Path), Headers: text(in.Headers), Expect: 200, User: text(in.User), Pwd: text(in.Pwd), Cmd: text(in.Cmd)}
	if in.Expect != nil {
		c.Expect = *in.Expect
	}
	switch c.Type {
	case CheckTCP, CheckHTTP, CheckMySQL, CheckRedis, CheckGRPC, CheckCustom:
	default:
		c.Type = CheckNone
	}
	return c, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// MarshalJSON implements json.Marshaler: each type shows its own members.
func (c Checker) MarshalJSON() ([]byte, error) {
	out := checkerJSON{Type: c.Type}
	opt := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	switch c.Type {
	case CheckHTTP:
		out.Path, out.Headers, out.Expect = &c.Path, &c.Headers, &c.Expect
	case CheckTCP, CheckNone:
	default:
		out.User, out.Pwd, out.Cmd = opt(c.User), opt(c.Pwd), opt(c.Cmd)
	}
	return json.Marshal(out)
}
