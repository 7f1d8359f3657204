package naming

import (
	"regexp"
	"strconv"
	"unique"

	"github.com/pharos-registry/pharos/service"
)

// MaxWeight is the largest weight an instance may have.
const MaxWeight = 10000.0

// Beat defaults of an instance, in milliseconds: how often it beats, after how
// long without a beat it is unhealthy, and after how long it is removed.
const (
	DefaultInterval = 5_000
	DefaultTimeout  = 15_000
	DefaultDelete   = 30_000
)

// idKind says how the instanceId of an instance is made.
type idKind uint8

const (
	idNone      idKind = iota // v2 and later registrations show none
	idSimple                  // ip#port#cluster#group@@service, made when shown
	idSnowflake               // a number, or what the client has chosen, kept in Instance.id
)

// Instance is one address of a service. It is never changed once published.
type Instance struct {
	IP        string
	Cluster   string
	Metadata  *Metadata
	Weight    float64
	id        *string // only where kind is idSnowflake
	Port      uint16
	Healthy   bool
	Enabled   bool
	Ephemeral bool
	kind      idKind
}

// same reports whether publishing o where i is would change nothing to see.
func (i *Instance) same(o *Instance) bool {
	return i.Port == o.Port && i.Healthy == o.Healthy && i.Enabled == o.Enabled && i.Ephemeral == o.Ephemeral &&
		i.Weight == o.Weight && i.kind == o.kind && i.snowflake() == o.snowflake() &&
		i.IP == o.IP && i.Cluster == o.Cluster && i.Metadata.Equal(o.Metadata)
}

// ID returns the instanceId, "" where the instance has none.
func (i *Instance) ID(grouped string) string {
	switch i.kind {
	case idSimple:
		return i.IP + "#" + strconv.Itoa(int(i.Port)) + "#" + i.Cluster + "#" + grouped
	case idSnowflake:
		return i.snowflake()
	default:
		return ""
	}
}

func (i *Instance) snowflake() string {
	if i.id == nil {
		return ""
	}
	return *i.id
}

// appendJSON appends i as lists show it.
func (i *Instance) appendJSON(b []byte, grouped string, healthy bool) []byte {
	b = append(b, '{')
	if id := i.ID(grouped); id != "" {
		b = append(b, `"instanceId":`...)
		b = append(appendString(b, id), ',')
	}
	b = append(b, `"ip":`...)
	b = appendString(b, i.IP)
	b = append(b, `,"port":`...)
	b = strconv.AppendUint(b, uint64(i.Port), 10)
	b = append(b, `,"weight":`...)
	b = appendDouble(b, i.Weight)
	b = append(b, `,"healthy":`...)
	b = strconv.AppendBool(b, healthy)
	b = append(b, `,"enabled":`...)
	b = strconv.AppendBool(b, i.Enabled)
	b = append(b, `,"ephemeral":`...)
	b = strconv.AppendBool(b, i.Ephemeral)
	b = append(b, `,"clusterName":`...)
	b = appendString(b, i.Cluster)
	b = append(b, `,"serviceName":`...)
	b = appendString(b, grouped)
	b = append(b, `,"metadata":`...)
	b = i.Metadata.AppendJSON(b)
	b = append(b, `,"instanceHeartBeatInterval":`...)
	b = strconv.AppendInt(b, i.Metadata.shown(metaInterval, DefaultInterval), 10)
	b = append(b, `,"instanceHeartBeatTimeOut":`...)
	b = strconv.AppendInt(b, i.Metadata.shown(metaTimeout, DefaultTimeout), 10)
	b = append(b, `,"ipDeleteTimeout":`...)
	b = strconv.AppendInt(b, i.Metadata.shown(metaDelete, DefaultDelete), 10)
	if i.Metadata.Len() == 0 {
		return append(b, `,"instanceIdGenerator":"simple"}`...)
	}
	if g, ok := i.Metadata.Get(metaGenerator); ok {
		b = append(b, `,"instanceIdGenerator":`...)
		b = appendString(b, g)
	}
	return append(b, '}')
}

var clusterName = regexp.MustCompile(`^[0-9a-zA-Z-]+$`)

// checkWeight reports a weight out of range.
func (i *Instance) checkWeight() error {
	if !(i.Weight >= 0 && i.Weight <= MaxWeight) { // NaN is neither
		return service.Errorf(service.BadWeight, "instance format invalid: The weights range from 0.0 to 10000.0")
	}
	return nil
}

// check reports what makes an instance illegal, but its weight.
func (i *Instance) check() error {
	if i.Metadata != nil {
		interval := i.Metadata.shown(metaInterval, DefaultInterval)
		if i.Metadata.shown(metaTimeout, DefaultTimeout) < interval || i.Metadata.shown(metaDelete, DefaultDelete) < interval {
			return service.Errorf(service.BadInstance, "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.")
		}
	}
	if i.Cluster != DefaultCluster && i.Cluster != "" && !clusterName.MatchString(i.Cluster) {
		return service.Errorf(service.BadInstance, "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: %s)", i.Cluster)
	}
	return nil
}

// keep returns the copy of i that is published: no string of it points into a
// request, and ip is a part of the client's id.
func (i *Instance) keep(ip string) *Instance {
	k := *i
	k.IP = ip
	if k.Cluster == DefaultCluster {
		k.Cluster = DefaultCluster
	} else {
		k.Cluster = unique.Make(k.Cluster).Value()
	}
	return &k
}

// appendClientID appends the id of the client that publishes ip:port.
func appendClientID(b []byte, ip string, port uint16, ephemeral bool) []byte {
	b = append(append(b, ip...), ':')
	b = strconv.AppendUint(b, uint64(port), 10)
	b = append(b, '#')
	return strconv.AppendBool(b, ephemeral)
}

// ClientID returns the id of the client that publishes ip:port over HTTP.
func ClientID(ip string, port uint16, ephemeral bool) string {
	return string(appendClientID(make([]byte, 0, len(ip)+12), ip, port, ephemeral))
}
