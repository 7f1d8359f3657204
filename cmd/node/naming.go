package node

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"

	"github.com/pharos-registry/pharos/service/cmdb"
	"github.com/pharos-registry/pharos/service/naming"
)

// openNaming builds service discovery, with what the database has of it.
func (n *Node) openNaming() (err error) {
	set := n.set.Naming
	n.naming, err = naming.New(naming.Options{
		DB: n.db, Write: n.writer(n.db), Log: n.log, Labels: n.openLabels(), Leads: n.leads, Current: n.confirmNaming(),
		Expire: set.ExpireInstance, ClientExpired: set.ClientExpired,
		CleanEmptyInterval: set.CleanEmptyInterval, CleanEmptyAfter: set.CleanEmptyAfter,
		CleanMetaInterval: set.CleanMetaInterval, CleanMetaAfter: set.CleanMetaAfter,
		Worker: worker(set.SnowflakeWorker, n.self),
	})
	n.loops = append(n.loops, n.naming.Run)
	return err
}

// worker is the part of generated ids that sets this node's apart: the one that is
// said, else, as in Nacos, the last bits of its address. A name has those of its
// hash.
func worker(said int, self string) int {
	if said >= 0 {
		return said
	}
	if ip, err := netip.ParseAddr(self); err == nil {
		b := ip.AsSlice()
		return int(binary.BigEndian.Uint16(b[len(b)-2:])) & naming.MaxWorker
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(self)) // never fails
	return int(h.Sum32()) & naming.MaxWorker
}

// openLabels builds what knows the labels of addresses, nil where the operator
// names no source.
func (n *Node) openLabels() naming.Labels {
	labels := cmdb.New(cmdb.Options{
		File: n.set.Naming.CMDBFile, URL: n.set.Naming.CMDBURL, Interval: n.set.Naming.CMDBInterval, Log: n.log,
	})
	if labels == nil {
		return nil
	}
	n.loops = append(n.loops, labels.Run)
	return labels.Of
}
