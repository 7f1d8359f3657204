package controller

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/bulk"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// The actions of plans.
const (
	actDeleteConfigs = "config.delete"
	actCloneConfigs  = "config.clone"
	actLabelConfigs  = "config.label"
	actEnable        = "instance.enable"
	actDisable       = "instance.disable"
	actWeight        = "instance.weight"
	actReset         = "instance.reset"
	actDeregister    = "instance.deregister"
	actDeleteService = "service.delete"
)

// chosenActs is an act for everything that a request has chosen: by a selection, or
// by the parameters of the list in which it would be found.
func (a *API) chosenActs(q *middleware.Request, f *form, action string) ([]bulkAct, error) {
	module := middleware.Naming
	var choose func(*middleware.Request, *form, string) ([]bulkAct, error)
	switch action {
	case actDeleteConfigs, actCloneConfigs, actLabelConfigs:
		module, choose = middleware.Config, a.chosenConfigs
	case actEnable, actDisable, actWeight, actReset, actDeregister:
		choose = a.chosenInstances
	case actDeleteService:
		choose = a.chosenServices
	default:
		return nil, service.Errorf(service.BadParam, "there is no such action")
	}
	if a.off(module) {
		return nil, service.Errorf(service.Unsupported, "the module that this is about is off")
	}
	acts, err := choose(q, f, action)
	switch {
	case err != nil:
		return nil, err
	case f.err != nil:
		return nil, f.err
	case len(acts) == 0:
		return nil, service.Errorf(service.BadParam, "nothing is chosen")
	case len(acts) > bulk.MaxItems:
		return nil, tooMany()
	}
	return acts, nil
}

func tooMany() error {
	return service.Errorf(service.TooLarge, "more than %d are chosen", bulk.MaxItems)
}

// chosenBy reads the selection of a request into out; false where a query is made
// instead.
func chosenBy[T any](f *form) (chosen []T, selected bool) {
	if f.Bool("query", false) {
		return nil, false
	}
	raw := f.notBlank("selection")
	if f.err != nil {
		return nil, true
	}
	if err := json.Unmarshal([]byte(raw), &chosen); err != nil {
		f.fail(service.BadParam, "selection must be a JSON array")
	}
	if len(chosen) > bulk.MaxItems {
		f.err = tooMany()
	}
	return chosen, true
}

// chosenConfig is a config of a selection.
type chosenConfig struct {
	Group  string `json:"groupName"`
	DataID string `json:"dataId"`
	MD5    string `json:"md5"`     // as it was seen; "": whatever is there
	AsGrp  string `json:"asGroup"` // of a copy; "": the same
	AsID   string `json:"asDataId"`
}

func (a *API) chosenConfigs(q *middleware.Request, f *form, action string) ([]bulkAct, error) {
	tenant := strings.Clone(namespaceOf(q)) // a plan outlives its request
	chosen, selected := chosenBy[chosenConfig](f)
	if !selected {
		var err error
		if chosen, err = a.queriedConfigs(q, f, tenant); err != nil {
			return nil, err
		}
	}
	target, overwrite, how := tenant, false, relabel{}
	switch action {
	case actCloneConfigs:
		var err error
		if target, overwrite, err = a.cloneTarget(q, f); err != nil {
			return nil, err
		}
	case actLabelConfigs:
		how = relabelOf(f)
	}
	if f.err != nil {
		return nil, f.err
	}
	acts := make([]bulkAct, 0, len(chosen))
	seen := map[config.Key]bool{}
	for _, c := range chosen {
		from := config.Key{Tenant: tenant, Group: c.Group, DataID: c.DataID}
		to := config.Key{Tenant: target, Group: cmp.Or(c.AsGrp, c.Group), DataID: cmp.Or(c.AsID, c.DataID)}
		for _, k := range []config.Key{from, to} {
			if err := config.CheckKey(k); err != nil {
				return nil, err
			}
		}
		switch {
		case seen[to]:
			return nil, service.Errorf(service.BadParam, "one config is chosen twice")
		case action == actDeleteConfigs:
			acts = append(acts, &removal{key: from, md5: c.MD5})
		case action == actLabelConfigs:
			acts = append(acts, &labelling{key: from, how: how, md5: c.MD5})
		case from == to:
			return nil, service.Errorf(service.BadParam, "a copy in the same namespace needs another name")
		default:
			acts = append(acts, &duplicate{from: from, to: to, overwrite: overwrite})
		}
		seen[to] = true
	}
	return acts, nil
}

// cloneTarget is where configs are copied to, and whether what is there is replaced.
func (a *API) cloneTarget(q *middleware.Request, f *form) (tenant string, overwrite bool, err error) {
	tenant = strings.Clone(config.Namespace(f.notBlank("targetNamespaceId")))
	policy := config.Policy(f.Optional("policy", string(config.Skip)))
	if policy != config.Skip && policy != config.Overwrite {
		f.fail(service.BadParam, "policy must be SKIP or OVERWRITE")
	}
	if f.err == nil && tenant != "" {
		_, err = a.o.Namespaces.Get(q.Context(), tenant)
	}
	return tenant, policy == config.Overwrite, err
}

// queriedConfigs are those that GET configs would find.
func (a *API) queriedConfigs(q *middleware.Request, f *form, tenant string) ([]chosenConfig, error) {
	found, err := a.foundConfigs(q, f, tenant)
	if err != nil {
		return nil, err
	}
	if len(found) > bulk.MaxItems {
		return nil, tooMany()
	}
	out := make([]chosenConfig, 0, len(found))
	for _, x := range found {
		out = append(out, chosenConfig{Group: x.Key.Group, DataID: x.Key.DataID, MD5: x.Item.Formal.MD5})
	}
	slices.SortFunc(out, func(x, y chosenConfig) int {
		return cmp.Or(cmp.Compare(x.DataID, y.DataID), cmp.Compare(x.Group, y.Group))
	})
	return out, nil
}

// foundConfigs are all that GET configs would find, in no order.
func (a *API) foundConfigs(q *middleware.Request, f *form, tenant string) ([]config.Found, error) {
	filter := configFilterOf(f)
	if f.err != nil {
		return nil, f.err
	}
	found, err := a.o.Config.Configs(q.Context(), &tenant)
	if err != nil {
		return nil, err
	}
	n := a.listeningHereToAll()
	if filter.state == stateListened || filter.state == stateBehind {
		n.gather(q.Context(), a, tenant, nil)
	}
	return slices.DeleteFunc(found, func(x config.Found) bool {
		return !filter.fits(x, n) || !q.Sees(configResource(*x.Key)) || !a.holds(q, x, filter.content)
	}), nil
}

func (a *API) chosenInstances(q *middleware.Request, f *form, action string) ([]bulkAct, error) {
	ns := strings.Clone(f.namingNamespace())
	chosen, selected := chosenBy[chosenInstance](f)
	if !selected {
		filter := instanceFilterOf(f)
		if f.err != nil {
			return nil, f.err
		}
		found := a.placed(q, &filter)
		if len(found) > bulk.MaxItems {
			return nil, tooMany()
		}
		slices.SortFunc(found, compareInstances("serviceName"))
		for _, p := range found {
			in := p.Shown
			chosen = append(chosen, chosenInstance{p.Key.Group, p.Key.Service, in.Cluster, in.IP, in.Port, in.Ephemeral})
		}
	}
	like := settingOf(f, action)
	if f.err != nil {
		return nil, f.err
	}
	acts, seen := make([]bulkAct, 0, len(chosen)), map[chosenInstance]bool{}
	for _, c := range chosen {
		c.Group, c.Cluster = cmp.Or(c.Group, naming.DefaultGroup), cmp.Or(c.Cluster, naming.DefaultCluster)
		if len(c.Group)+len(c.Service)+len(c.Cluster)+len(c.IP) > maxNaming {
			return nil, errNames()
		}
		if seen[c] {
			return nil, service.Errorf(service.BadParam, "one instance is chosen twice")
		}
		seen[c] = true
		s := like
		s.key, s.in = naming.Key{Namespace: ns, Group: c.Group, Service: c.Service}, c
		acts = append(acts, &s)
	}
	return acts, nil
}

// settingOf is what an action does to each instance.
func settingOf(f *form, action string) (s setting) {
	switch action {
	case actEnable, actDisable:
		on := action == actEnable
		s.enabled = &on
	case actWeight:
		w, err := strconv.ParseFloat(f.text("value"), 64)
		if err != nil || !(w >= 0 && w <= naming.MaxWeight) {
			f.fail(service.BadWeight, "value must be a weight from 0 to %.0f", naming.MaxWeight)
		}
		s.weight = &w
	case actReset:
		s.reset = true
	default:
		s.deregister = true
	}
	return s
}

// maxNaming bounds what names one thing of naming, in bytes: no longer one exists.
const maxNaming = 2048

func errNames() error { return service.Errorf(service.BadParam, "a name is too long") }

// chosenService is a service of a selection.
type chosenService struct {
	Group   string `json:"groupName"`
	Service string `json:"serviceName"`
}

func (a *API) chosenServices(q *middleware.Request, f *form, _ string) ([]bulkAct, error) {
	ns := strings.Clone(f.namingNamespace())
	chosen, selected := chosenBy[chosenService](f)
	if !selected {
		for _, v := range a.servicesFound(q, f) {
			if len(v.Instances) == 0 { // a query is for those that can be deleted
				chosen = append(chosen, chosenService{v.Key.Group, v.Key.Service})
			}
		}
		slices.SortFunc(chosen, func(x, y chosenService) int {
			return cmp.Or(cmp.Compare(x.Service, y.Service), cmp.Compare(x.Group, y.Group))
		})
	}
	acts, seen := make([]bulkAct, 0, len(chosen)), map[chosenService]bool{}
	for _, c := range chosen {
		c.Group = cmp.Or(c.Group, naming.DefaultGroup)
		if len(c.Group)+len(c.Service) > maxNaming {
			return nil, errNames()
		}
		if seen[c] {
			return nil, service.Errorf(service.BadParam, "one service is chosen twice")
		}
		seen[c] = true
		acts = append(acts, &emptying{naming.Key{Namespace: ns, Group: c.Group, Service: c.Service}})
	}
	return acts, nil
}

// keysOfActs are the configs that acts change.
func keysOfActs(acts []bulkAct) (keys []config.Key) {
	for _, act := range acts {
		switch x := act.(type) {
		case *removal:
			keys = append(keys, x.key)
		case *putBack:
			keys = append(keys, x.was.ConfigKey)
		case *duplicate:
			keys = append(keys, x.to)
		case *labelling:
			keys = append(keys, x.key)
		}
	}
	return keys
}
