package rpc

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// Labels of connections, by which Nacos's SDKs say what they are for.
const (
	moduleNaming = "naming" // their clients publish and subscribe
	moduleConfig = "config"
)

// What an InstanceRequest and its kin ask for.
const (
	registerInstance   = "registerInstance"
	deregisterInstance = "deregisterInstance"
	batchRegister      = "batchRegisterInstance"
)

// namingTypes are the rows of service discovery.
func (s *Server) namingTypes() []Type {
	row := func(name, answer string, action middleware.Action) Type {
		return Type{
			Name: name, Answer: answer, Module: middleware.Naming,
			Access: middleware.Access{Class: middleware.Client, Action: action, Resource: middleware.NamingResource},
		}
	}
	return []Type{
		Handle(row("InstanceRequest", "InstanceResponse", middleware.Write), s.instance),
		Handle(row("BatchInstanceRequest", "BatchInstanceResponse", middleware.Write), s.batch),
		Handle(row("PersistentInstanceRequest", "InstanceResponse", middleware.Write), s.persistent),
		Handle(row("ServiceQueryRequest", "QueryServiceResponse", middleware.Read), s.queryService),
		Handle(row("ServiceListRequest", "ServiceListResponse", middleware.Read), s.listServices),
		Handle(row("SubscribeServiceRequest", "SubscribeServiceResponse", middleware.Read), s.subscribe),
	}
}

// typed is the answer to a registration.
type typed struct {
	Type string `json:"type"`
}

// instance publishes what is ephemeral: the type of the request decides, not what
// the instance says of itself.
func (s *Server) instance(_ context.Context, c *Call, r *instanceRequest) (any, error) {
	k, err := r.named()
	if err != nil {
		return nil, err
	}
	switch {
	case r.Type == deregisterInstance && r.Instance != nil:
		err = s.o.Naming.Withdraw(c.Conn.ID, k, c.User)
	case r.Type == registerInstance && r.Instance != nil:
		err = s.o.Naming.Publish(c.Conn.ID, k, []naming.Registration{r.Instance.registration(k, c.User)})
	default:
		err = r.unsuitable()
	}
	return typed{string(r.Type)}, lost(c, err)
}

// batch publishes several instances in the place of all that the connection
// published for the service before.
func (s *Server) batch(_ context.Context, c *Call, r *batchRequest) (any, error) {
	k, err := r.named()
	switch {
	case err != nil:
		return nil, err
	case r.Type != batchRegister:
		return nil, unsupported(r.Type)
	case r.Instances == nil:
		return nil, fault(codeInternal, "Param 'instances' is missing")
	}
	all := make([]naming.Registration, 0, len(r.Instances))
	for i := range r.Instances {
		all = append(all, r.Instances[i].registration(k, c.User))
	}
	err = s.o.Naming.Publish(c.Conn.ID, k, all)
	if e, ok := errors.AsType[*service.Error](err); ok && e.Code == service.WrongKind {
		err = service.Errorf(service.WrongKind, "%s", strings.Replace(e.Msg, "can't register", "can't batch register", 1))
	}
	return typed{batchRegister}, lost(c, err)
}

// persistent publishes for good, whatever becomes of the connection.
func (s *Server) persistent(ctx context.Context, c *Call, r *instanceRequest) (any, error) {
	k, err := r.named()
	if err != nil {
		return nil, err
	}
	if r.Instance == nil || r.Type != registerInstance && r.Type != deregisterInstance {
		return nil, r.unsuitable()
	}
	reg := r.Instance.registration(k, c.User)
	if r.Type == registerInstance {
		err = s.o.Naming.Register(ctx, &reg)
	} else {
		err = s.o.Naming.Deregister(ctx, &reg)
	}
	return typed{string(r.Type)}, err
}

// unsuitable says what of a request there is no handler for.
func (r *instanceRequest) unsuitable() error {
	switch {
	case r.Type != registerInstance && r.Type != deregisterInstance:
		return unsupported(r.Type)
	default:
		return &ThrownError{codeParam, codeParam, "Instance can not be null."}
	}
}

func unsupported(kind Text) error {
	if kind == "" {
		return fault(codeInternal, "Param 'type' is missing")
	}
	return &ThrownError{codeParam, codeParam, "Unsupported request type " + bounded(string(kind))}
}

// lost is what a client is told whose connection is not one of naming, or has
// ended meanwhile.
func lost(c *Call, err error) error {
	if !errors.Is(err, naming.ErrDisconnected) {
		return err
	}
	return &ThrownError{
		codeDisconnected, codeDisconnected,
		"errCode: -401, errMsg: Client [" + c.Conn.ID + "] connection already disconnect, can't register ephemeral instance. ",
	}
}

// queryService lists instances. Of a service without a name or a group there are
// none, and what was not said is not said back.
func (s *Server) queryService(_ context.Context, c *Call, r *queryRequest) (any, error) {
	if r.Service == nil || r.Group == nil || *r.Service == "" || *r.Group == "" {
		return nameless(&r.serviceName, string(r.Cluster)), nil
	}
	return serviceInfo(s.o.Naming.Info(naming.List{
		Key: r.key(), Clusters: string(r.Cluster), HealthyOnly: bool(r.HealthyOnly), Consumer: c.Conn.ClientIP,
	}, false)), nil
}

// nameless is the answer about a service that has no full name.
func nameless(r *serviceName, clusters string) Raw {
	b := Raw(`,"serviceInfo":{`)
	if r.Service != nil {
		b = append(appendString(append(b, `"name":`...), string(*r.Service)), ',')
	}
	if r.Group != nil {
		b = append(appendString(append(b, `"groupName":`...), string(*r.Group)), ',')
	}
	b = appendString(append(b, `"clusters":`...), clusters)
	b = append(b, `,"cacheMillis":10000,"hosts":[],"lastRefTime":`...)
	b = strconv.AppendInt(b, time.Now().UnixMilli(), 10)
	return append(b, `,"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true}`...)
}

// serviceInfo is an answer with a list of instances.
func serviceInfo(a *naming.Answer) Raw {
	const head = `,"serviceInfo":`
	b := make(Raw, 0, len(head)+len(`{"lastRefTime":1732100000123,`)+len(a.Body))
	b = append(b, head...)
	return append(naming.AppendHead(b, time.Now()), a.Body...)
}

// Notify is how a connection is told of a service: the type of the push, and
// what Conn.Push takes.
func Notify(info []byte) (kind string, fields []byte) {
	const head, tail = `,"serviceInfo":`, `,"module":"naming"`
	b := make([]byte, 0, len(head)+len(info)+len(tail))
	return "NotifySubscriberRequest", append(append(append(b, head...), info...), tail...)
}

// names is the answer with a list of services.
type names struct {
	Count int      `json:"count"`
	Names []string `json:"serviceNames"`
}

func (s *Server) listServices(_ context.Context, _ *Call, r *listRequest) (any, error) {
	k := r.key()
	if k.Group == "" {
		return names{Names: []string{}}, nil
	}
	all := s.o.Naming.NamesIn(k.Namespace, k.Group)
	out := names{Count: len(all)}
	size, page := max(int64(r.PageSize), 0), max(int64(r.PageNo), 1)-1
	from := int64(len(all))
	if size > 0 && page < from/size+1 {
		from = min(page*size, from)
	}
	out.Names = all[from:min(from+size, int64(len(all)))]
	return out, nil
}

// subscribe answers with the list as it is, and has the connection told of what
// changes from then on.
func (s *Server) subscribe(_ context.Context, c *Call, r *subscribeRequest) (any, error) {
	k, err := r.named()
	if err != nil {
		return nil, err
	}
	clusters, unsaid := "", r.Clusters == nil
	if !unsaid {
		clusters = string(*r.Clusters)
	}
	if r.Subscribe {
		err = s.o.Naming.Follow(c.Conn.ID, naming.Subscriber{
			Key: k, Clusters: clusters, Unsaid: unsaid, App: c.Conn.App, Agent: c.Conn.Version,
		})
	} else {
		err = s.o.Naming.Unfollow(c.Conn.ID, k)
	}
	if err != nil {
		return nil, lost(c, err)
	}
	info := s.o.Naming.Info(naming.List{Key: k, Clusters: clusters, Consumer: c.Conn.ClientIP}, unsaid)
	return Done{Message: "success", Fields: serviceInfo(info)}, nil
}
