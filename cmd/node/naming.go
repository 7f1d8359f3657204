package node

import "github.com/pharos-registry/pharos/service/naming"

// openNaming builds service discovery, with what the database has of it.
func (n *Node) openNaming() (err error) {
	set := n.set.Naming
	n.naming, err = naming.New(naming.Options{
		DB: n.db, Log: n.log,
		Expire: set.ExpireInstance, ClientExpired: set.ClientExpired,
		CleanEmptyInterval: set.CleanEmptyInterval, CleanEmptyAfter: set.CleanEmptyAfter,
		CleanMetaInterval: set.CleanMetaInterval, CleanMetaAfter: set.CleanMetaAfter,
	})
	n.loops = append(n.loops, n.naming.Run)
	return err
}
