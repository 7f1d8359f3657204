package controller

import (
	"cmp"
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
)

func (a *API) extListenerRoutes() []middleware.Route {
	return extRows(middleware.Config, []middleware.Route{
		{Method: http.MethodGet, Path: "/config/convergence", Access: manage(middleware.Read, middleware.ConfigResource), Do: a.extConvergence},
		{Method: http.MethodPost, Path: "/config/gray/preview", Access: manage(middleware.Read, middleware.ConfigResource), Do: a.extGrayPreview},
		{Method: http.MethodPost, Path: "/config/repush", Access: manage(middleware.Write, middleware.ConfigResource), Do: a.extRepush},
		{Method: http.MethodGet, Path: "/listeners", Access: each(middleware.Read, middleware.ConfigResource), Do: a.extListeners},
	})
}

// The states of a client that listens to a config.
const stateCurrent = "current"

// listenerLine is a client that listens to a config.
type listenerLine struct {
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	DataID    string `json:"dataId"`
	Address   string `json:"address"`
	IP        string `json:"ip"`
	App       string `json:"app"`
	Agent     string `json:"agent"`
	Tag       string `json:"tag"`
	Transport string `json:"transport"`
	Node      string `json:"node"`
	MD5       string `json:"md5"`
	Version   string `json:"version"`
	State     string `json:"state"`
	Since     int64  `json:"since"`
}

// transportPoll is how clients of the HTTP generation listen.
const transportPoll = "poll"

func (a *API) lineOf(k config.Key, c *config.Client) listenerLine {
	return listenerLine{
		Namespace: shownNamespace(k.Tenant), Group: k.Group, DataID: k.DataID, Address: c.Address, IP: c.IP, App: c.App, Agent: c.Agent, Tag: c.Tag,
		Transport: cmp.Or(c.Transport, transportPoll), Node: a.o.Ops.Address(),
	}
}

// listenerLines are the clients of this node that listen to a config, those that
// are behind first.
func (a *API) listenerLines(k config.Key) []listenerLine {
	cache := a.o.Config.Cache()
	it := cache.Get(k)
	var out []listenerLine
	behind := map[string]bool{}
	for _, l := range a.o.Config.Lags().Of(k) {
		line := a.lineOf(k, &l.Client)
		line.MD5, line.State, line.Since = l.MD5, stateBehind, l.Since.UnixMilli()
		behind[l.Client.Address] = true
		out = append(out, line)
	}
	for _, w := range cache.WatchersOf(k) {
		c := w.Client
		if c == nil {
			c = &config.Client{IP: w.Viewer.IP, Tag: w.Viewer.Tag}
		}
		if behind[c.Address] && c.Address != "" { // told this moment
			continue
		}
		line := a.lineOf(k, c)
		line.MD5, line.State = w.MD5, stateCurrent
		if v := it.View(w.Viewer); v != nil {
			line.Since = v.Modified
			if v.Gray != "" {
				line.State = stateGray
			}
		}
		out = append(out, line)
	}
	return out
}

// convergence is who has which version of a config.
type convergence struct {
	Target    *targetVersion `json:"target"`
	Gray      []grayTarget   `json:"gray"`
	Counts    map[string]int `json:"counts"`
	Clients   []listenerLine `json:"clients"`
	Truncated bool           `json:"truncated"`
	Nodes     []nodeAnswer   `json:"nodes"`
}

type targetVersion struct {
	MD5      string `json:"md5"`
	Version  string `json:"version"`
	Modified int64  `json:"modified"`
}

type grayTarget struct {
	Name string `json:"name"`
	MD5  string `json:"md5"`
}

// maxListeners bounds the rows of one answer.
const maxListeners = 1000

func (a *API) extConvergence(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	out := convergence{Gray: []grayTarget{}}
	out.Clients, out.Nodes = a.allListeners(q.Context(), k)
	out.Counts = map[string]int{"total": len(out.Clients), stateCurrent: 0, stateGray: 0, stateBehind: 0}
	for i := range out.Clients {
		out.Counts[out.Clients[i].State]++
	}
	if len(out.Clients) > maxListeners {
		out.Clients, out.Truncated = out.Clients[:maxListeners], true
	}
	it := a.o.Config.Cache().Get(k)
	for _, g := range it.Grays() {
		out.Gray = append(out.Gray, grayTarget{g.Name, g.MD5})
	}
	names, err := a.versionNames(q, k)
	if err != nil {
		return nil, err
	}
	if it != nil && it.Formal != nil {
		out.Target = &targetVersion{it.Formal.MD5, names[it.Formal.MD5], it.Formal.Modified}
	}
	for i := range out.Clients {
		out.Clients[i].Version = names[out.Clients[i].MD5]
	}
	if out.Clients == nil {
		out.Clients = []listenerLine{}
	}
	return out, nil
}

// knownVersions is of how many versions the digests are looked at.
const knownVersions = 200

// versionNames are the names of a config's versions by their digests, the newest
// of each.
func (a *API) versionNames(q *middleware.Request, k config.Key) (map[string]string, error) {
	p, err := a.o.Config.History(q.Context(), k, 1, knownVersions)
	if err != nil {
		return nil, err
	}
	rows := make([]version, 0, len(p.Items))
	for i := range p.Items {
		rows = append(rows, versionViewOf(&p.Items[i]))
	}
	a.link(k, rows, map[string]string{})
	names := map[string]string{}
	for i := range rows {
		if md5 := rows[i].MD5; md5 != "" && names[md5] == "" {
			names[md5] = rows[i].Version
		}
	}
	return names, nil
}
