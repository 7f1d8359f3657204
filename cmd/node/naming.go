package node

import (
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
	})
	n.loops = append(n.loops, n.naming.Run)
	return err
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
