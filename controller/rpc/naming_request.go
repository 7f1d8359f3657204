package rpc

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/naming"
)

// serviceName is what every request of naming says of the service it is about.
// What was not said at all is nil.
type serviceName struct {
	Head

	Namespace Text  `json:"namespace"`
	Service   *Text `json:"serviceName"`
	Group     *Text `json:"groupName"`
}

func said(t *Text) string {
	if t == nil {
		return ""
	}
	return string(*t)
}

// key is the service. A namespace that is not said is the public one.
func (r *serviceName) key() naming.Key {
	ns := strings.TrimSpace(string(r.Namespace))
	if ns == "" {
		ns = naming.DefaultNamespace
	}
	return naming.Key{Namespace: ns, Group: said(r.Group), Service: said(r.Service)}
}

// named is key where both names have to be there.
func (r *serviceName) named() (naming.Key, error) {
	k := r.key()
	for _, n := range []struct{ name, value string }{{"serviceName", k.Service}, {"groupName", k.Group}} {
		if strings.TrimSpace(n.value) == "" {
			return k, fault(codeInternal, "Param '"+n.name+"' is illegal, "+n.name+" is blank")
		}
	}
	return k, nil
}

func (r *serviceName) resource() auth.Resource {
	k := r.key()
	return auth.Resource{Namespace: k.Namespace, Group: k.Group, Kind: "naming", Name: k.Service}
}

func (r *serviceName) check(*limits) error {
	k := r.key()
	if err := legal.NamespaceID(k.Namespace); err != nil {
		return err
	}
	if err := legal.ServiceName(k.Service); err != nil {
		return err
	}
	return legal.Group(k.Group)
}

// checkClusters checks a list of clusters.
func checkClusters(csv string) error {
	for c := range strings.SplitSeq(csv, ",") {
		if err := legal.Cluster(c); err != nil {
			return err
		}
	}
	return nil
}

// instanceRequest is an InstanceRequest or a PersistentInstanceRequest.
type instanceRequest struct {
	serviceName

	Type     Text      `json:"type"`
	Instance *instance `json:"instance"`
}

func (r *instanceRequest) check(l *limits) error {
	err := r.serviceName.check(l)
	if err == nil && r.Instance != nil {
		err = r.Instance.check(l)
	}
	return err
}

// batchRequest is a BatchInstanceRequest.
type batchRequest struct {
	serviceName

	Type      Text       `json:"type"`
	Instances []instance `json:"instances"`
}

func (r *batchRequest) check(l *limits) error {
	err := r.serviceName.check(l)
	for i := 0; i < len(r.Instances) && err == nil; i++ {
		err = r.Instances[i].check(l)
	}
	return err
}

// queryRequest is a ServiceQueryRequest.
type queryRequest struct {
	serviceName

	Cluster     Text `json:"cluster"`
	HealthyOnly Bool `json:"healthyOnly"`
}

func (r *queryRequest) check(l *limits) error {
	if err := r.serviceName.check(l); err != nil {
		return err
	}
	return checkClusters(string(r.Cluster))
}

// listRequest is a ServiceListRequest.
type listRequest struct {
	serviceName

	PageNo   Int `json:"pageNo"`
	PageSize Int `json:"pageSize"`
}

// resource is the group: no service is named.
func (r *listRequest) resource() auth.Resource {
	k := r.key()
	return auth.Resource{Namespace: k.Namespace, Group: k.Group, Kind: "naming", Name: k.Service}
}

// subscribeRequest is a SubscribeServiceRequest.
type subscribeRequest struct {
	serviceName

	Subscribe Bool  `json:"subscribe"`
	Clusters  *Text `json:"clusters"`
}

func (r *subscribeRequest) check(l *limits) error {
	if err := r.serviceName.check(l); err != nil {
		return err
	}
	return checkClusters(said(r.Clusters))
}

// instance is an instance as clients send it. What they leave out has a default.
type instance struct {
	ID        Text            `json:"instanceId"`
	IP        Text            `json:"ip"`
	Port      Int             `json:"port"`
	Weight    Float           `json:"weight"`
	Healthy   Bool            `json:"healthy"`
	Enabled   Bool            `json:"enabled"`
	Ephemeral Bool            `json:"ephemeral"`
	Cluster   *Text           `json:"clusterName"`
	Service   Text            `json:"serviceName"`
	Metadata  map[string]Text `json:"metadata"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *instance) UnmarshalJSON(b []byte) error {
	type plain instance
	p := plain{Weight: 1, Healthy: true, Enabled: true, Ephemeral: true}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*i = instance(p)
	return nil
}

func (i *instance) check(l *limits) error {
	if err := legal.Cluster(said(i.Cluster)); err != nil {
		return err
	}
	if err := legal.IP(string(i.IP)); err != nil {
		return err
	}
	if i.Port < 0 || i.Port > 65535 {
		return legal.ErrPort
	}
	n := 0
	for k, v := range i.Metadata {
		n += legal.Length(k) + legal.Length(string(v))
	}
	if n > l.metadata {
		return legal.Illegal("Metadata", legal.TooLong(l.metadata))
	}
	return nil
}

// registration is the request of a user to register i for k, for good.
func (i *instance) registration(k naming.Key, by string) naming.Registration {
	r := naming.Registration{
		Key: k, IP: string(i.IP), Port: uint16(min(max(i.Port, 0), 65535)), Cluster: said(i.Cluster),
		Weight: float64(i.Weight), Healthy: bool(i.Healthy), Enabled: bool(i.Enabled),
		ShowID: true, ID: i.id(k), AnyWeight: true, By: by,
	}
	if len(i.Metadata) > 0 {
		if b, err := json.Marshal(i.Metadata); err == nil { // of texts, always
			r.Metadata = string(b)
		}
	}
	return r
}

// id is the instanceId that the client has chosen, or that Nacos makes in an odd
// way: before the cluster has its default, and with the service that the
// instance names. It is "" for one that is made as for all others.
func (i *instance) id(k naming.Key) string {
	if i.ID != "" {
		return string(i.ID)
	}
	_, generated := i.Metadata["preserved.instance.id.generator"]
	odd := i.Cluster == nil || *i.Cluster == "" || i.Service != "" && string(i.Service) != k.Grouped()
	if generated || !odd {
		return ""
	}
	cluster, of := "null", k.Grouped()
	if i.Cluster != nil {
		cluster = string(*i.Cluster)
	}
	if i.Service != "" {
		of = string(i.Service)
	}
	return string(i.IP) + "#" + strconv.FormatInt(int64(i.Port), 10) + "#" + cluster + "#" + of
}
