package controller

import (
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/naming"
)

func (a *API) register(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.Registration(a.o.Naming.Switches().DefaultEphemeral)
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.Register(q.Context(), &r))
}

func (a *API) deregister(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.Registration(a.o.Naming.Switches().DefaultEphemeral)
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.Deregister(q.Context(), &r))
}

func (a *API) updateInstance(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.Registration(a.o.Naming.Switches().DefaultEphemeral)
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.Update(q.Context(), &r))
}

func (a *API) patchInstance(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := naming.Patch{By: q.User, Key: f.Key(), IP: f.Required("ip"), Port: f.Port()}
	p.Cluster = f.Either("clusterName", "cluster", naming.DefaultCluster)
	if v := f.Optional("metadata", ""); v != "" {
		p.Metadata = &v
	}
	if f.Optional("weight", "") != "" {
		w := f.Double("weight", 1)
		p.Weight = &w
	}
	if f.Optional("enabled", "") != "" {
		e := f.Bool("enabled", true)
		p.Enabled = &e
	}
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.Patch(q.Context(), &p))
}

// instanceV1 is an instance as its own route shows it.
type instanceV1 struct {
	Service  string           `json:"service"`
	IP       string           `json:"ip"`
	Port     uint16           `json:"port"`
	Cluster  string           `json:"clusterName"`
	Weight   double           `json:"weight"`
	Healthy  bool             `json:"healthy"`
	ID       *string          `json:"instanceId"`
	Metadata *naming.Metadata `json:"metadata"`
}

// idOf is the instanceId of an instance, nil where it has none.
func idOf(in *naming.Instance, k naming.Key) *string {
	if id := in.ID(k.Grouped()); id != "" {
		return &id
	}
	return nil
}

func (a *API) instance(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, ip, port := f.Key(), f.Required("ip"), f.Port()
	cluster := f.Optional("clusterName", naming.DefaultCluster)
	if f.err != nil {
		return nil, f.err
	}
	in, err := a.o.Naming.Find(k, ip, port, cluster)
	if err != nil {
		return nil, err
	}
	return instanceV1{k.Grouped(), in.IP, in.Port, in.Cluster, double(in.Weight), in.Healthy, idOf(in, k), metadataOf(in.Metadata)}, nil
}

// metadataOf makes an empty object of no metadata.
func metadataOf(m *naming.Metadata) *naming.Metadata {
	if m == nil {
		return &naming.Metadata{}
	}
	return m
}

func (a *API) beat(q *middleware.Request) (any, error) {
	f := formOf(q)
	return a.answerBeat(q, &f, (*form).Key)
}

// answerBeat answers a beat for the service that key reads.
func (a *API) answerBeat(q *middleware.Request, f *form, key func(*form) naming.Key) (any, error) {
	said := a.said(q, f, key)
	if said.Sum != 0 {
		if reply, ok := a.o.Naming.BeatAgain(&said); ok {
			return q.Reply(middleware.Raw{ContentType: middleware.JSON, Body: reply}), nil
		}
	}
	info, err := readBeat(q)
	if err == nil {
		err = a.checkBeat(q, info)
	}
	if err != nil {
		return nil, err
	}
	b := naming.Beat{Key: key(f), Full: info}
	if info == nil {
		b.IP = f.Optional("ip", "")
		b.Port = f.port(f.Optional("port", "0"))
	} else {
		b.IP, b.Port = info.IP, uint16(info.Port) //nolint:gosec // readBeat bounds it
		if info.Cluster == "" {
			info.Cluster = f.Optional("clusterName", naming.DefaultCluster)
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if b.IP == said.IP && b.Port == said.Port {
		b.Sum = said.Sum
	}
	reply, err := a.o.Naming.Beat(q.Context(), &b)
	return q.Reply(middleware.Raw{ContentType: middleware.JSON, Body: reply}), err
}

// said is the instance that the parameters of a beat name, with a sum of all that
// was said, or nothing where they do not say it all. Who has the sum of a beat
// that was answered has nothing to be checked again: parsing and checking are most
// of what a full beat costs.
func (a *API) said(q *middleware.Request, f *form, key func(*form) naming.Key) naming.Beat {
	r := q.HTTP()
	if q.Params.Get("beat") == "" || // there is little to be looked at
		r.ContentLength != 0 && q.Params.Body == nil { // parts of a multipart form, say
		return naming.Beat{}
	}
	b := naming.Beat{Key: key(f), IP: f.Optional("ip", ""), Port: f.port(f.Optional("port", "0"))}
	if b.IP == "" || f.err != nil {
		f.err = nil // it may not matter, and what comes first is to be told
		return naming.Beat{}
	}
	b.Sum = maphash.String(a.seed, r.URL.RawQuery) ^ maphash.String(a.seed, q.Route.Path)
	if len(q.Params.Body) > 0 {
		b.Sum = 31*b.Sum + maphash.Bytes(a.seed, q.Params.Body)
	}
	return b
}

// readBeat reads what a beat says of its instance, nil where it says nothing.
func readBeat(q *middleware.Request) (*naming.BeatInfo, error) {
	raw := strings.TrimSpace(q.Params.Get("beat"))
	if raw == "" {
		return nil, nil //nolint:nilnil // a light beat
	}
	info, err := naming.ParseBeat(raw)
	switch {
	case err == nil && (info.Port < 0 || info.Port > 65535):
		return nil, legal.ErrPort
	case err != nil:
		return nil, &middleware.PageError{Status: http.StatusInternalServerError, Msg: "Server failed, caused: errCode: 101, errMsg: Nacos deserialize for class [RsInfo] failed;"}
	}
	return &info, nil
}

func (a *API) list(q *middleware.Request) (any, error) {
	f := formOf(q)
	l := naming.List{
		Key:         f.Key(),
		Clusters:    f.Optional("clusters", ""),
		HealthyOnly: f.True("healthyOnly", false),
		Consumer:    f.Optional("clientIP", ""),
	}
	port := f.Int("udpPort", 0)
	if f.err != nil {
		return nil, f.err
	}
	a.subscribe(q, &l, port, f.Optional("app", "unknown"))
	ans := a.o.Naming.List(l)
	return q.Reply(middleware.Raw{
		ContentType: middleware.JSON, Length: ans.Length,
		Head: naming.AppendHead(q.Scratch(), q.Arrived), Body: ans.Body,
	}), nil
}

// subscribe records that who asks for a list wants to be told of changes by UDP.
func (a *API) subscribe(q *middleware.Request, l *naming.List, port int, app string) {
	if port > 0 && port <= 65535 && l.Consumer != "" {
		a.o.Naming.Subscribe(naming.Subscriber{
			Key: l.Key, IP: l.Consumer, Port: uint16(port), Clusters: l.Clusters, App: app, Agent: agent(q),
		})
	}
}

func (a *API) statuses(q *middleware.Request) (any, error) {
	f := formOf(q)
	key := f.Declared("key", "String")
	if f.err != nil {
		return nil, f.err
	}
	return a.statusesOf(q, key)
}

func (a *API) statusesOf(q *middleware.Request, key string) (any, error) {
	k, err := naming.ParseKey(key)
	if err == nil {
		err = q.May(serviceResource(k), auth.Read)
	}
	if err != nil {
		return nil, err
	}
	ips := []string{}
	for _, in := range a.o.Naming.View(k).Instances {
		ips = append(ips, naming.Address(in.IP, in.Port)+"_"+strconv.FormatBool(in.Healthy))
	}
	return map[string]any{"ips": ips}, nil
}

func (a *API) batchMetadata(q *middleware.Request) (any, error) {
	f := formOf(q)
	b := naming.Batch{Key: f.Key(), Metadata: f.Required("metadata")}
	return a.answerBatch(q, &f, &b)
}

func (a *API) answerBatch(q *middleware.Request, f *form, b *naming.Batch) (any, error) {
	b.By, b.Remove = q.User, q.HTTP().Method == http.MethodDelete
	refs, err := instanceRefs(f.Optional("instances", ""))
	if err != nil {
		f.keep(err)
	}
	for _, r := range refs {
		at := naming.At{IP: r.IP, Port: f.port(r.Port.String()), Cluster: r.Cluster}
		if at.Cluster == "" {
			at.Cluster = naming.DefaultCluster
		}
		b.Instances = append(b.Instances, at)
	}
	if f.err != nil {
		return nil, f.err
	}
	found, err := a.o.Naming.Batch(q.Context(), b)
	if err != nil {
		return nil, err
	}
	updated := []string{}
	for _, in := range found {
		kind := "persist"
		if in.Ephemeral {
			kind = "ephemeral"
		}
		updated = append(updated, naming.Address(in.IP, in.Port)+":unknown:"+in.Cluster+":"+kind)
	}
	return map[string]any{"updated": updated}, nil
}

// instanceTag names the client that a write is about: its address, from the
// parameters or from the beat. A persistent instance belongs to nobody: any node
// may write its row, and the tag is empty.
func (a *API) instanceTag(q *middleware.Request) string {
	f := formOf(q)
	if strings.HasSuffix(q.Route.Path, "/beat") {
		if info, err := readBeat(q); err == nil && info != nil && info.IP != "" {
			return naming.Address(info.IP, uint16(info.Port)) //nolint:gosec // readBeat bounds it
		}
	} else if !a.ephemeral(q, &f) {
		return ""
	}
	ip := f.Optional("ip", "")
	if ip == "" {
		return "null:0"
	}
	port := f.Optional("port", "0")
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		return naming.Address(ip, uint16(n)) // of several ways to write it the one that the client's id has
	}
	return ip + ":" + port
}

// ephemeral reports whether a request is about an ephemeral instance, as its
// handler will read it.
func (a *API) ephemeral(q *middleware.Request, f *form) bool {
	def := a.o.Naming.Switches().DefaultEphemeral
	if strings.HasPrefix(q.Route.Path, "/v1/") {
		return f.Bool("ephemeral", def)
	}
	return f.Flag("ephemeral", def)
}

// beatAnswered tells of a beat for the service that key reads whether this node
// may answer it though the instance is another node's.
func (a *API) beatAnswered(key func(*form) naming.Key) func(*middleware.Request) bool {
	return func(q *middleware.Request) bool {
		f := formOf(q)
		info, err := readBeat(q)
		if err != nil {
			return true // to be refused
		}
		k := key(&f)
		if info != nil {
			return f.err != nil || a.o.Naming.Answers(k, info.IP, uint16(info.Port)) //nolint:gosec // readBeat bounds it
		}
		ip, port := f.Optional("ip", ""), f.port(f.Optional("port", "0"))
		return f.err != nil || a.o.Naming.Answers(k, ip, port)
	}
}
