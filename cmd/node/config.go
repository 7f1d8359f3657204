package node

import (
	"context"

	"github.com/pharos-registry/pharos/controller/park"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
)

// openConfig builds the configuration centre, with what the database has of it,
// and the place where its long polls wait.
func (n *Node) openConfig() (err error) {
	set := n.set.Config
	n.config = config.New(config.Options{
		DB: n.rows, Write: n.writer(n.rows), Log: n.log, Leads: n.leads, Current: n.confirm(n.rows), Shared: n.rows != n.db,
		MaxContent: set.MaxContent, MaxGray: set.GrayVersions,
		Quotas: persistence.Quotas{
			Cluster: int64(set.ClusterQuota), Group: int64(set.GroupQuota), Tenant: int64(set.TenantQuota), Percent: int64(set.ExpansionPercent),
		},
		CountUsage: set.ManageCapacity, CheckQuotas: set.CapacityLimitCheck, Recount: set.CorrectUsage,
		MaxSize: int64(set.MaxSize), MaxAggrCount: int64(set.MaxAggrCount), MaxAggrSize: int64(set.MaxAggrSize),
		RetentionDays: set.RetentionDays, HistoryKeep: set.HistoryVersions,
		SearchQueue: set.SearchQueue, SearchThreads: set.SearchThreads, SearchWait: set.SearchWait,
	})
	if n.rows != n.db || n.raft == nil { // else see follow
		n.rows.ObserveRestore(n.config.Reload) // as when a MySQL was away
	}
	if err = n.config.Load(context.Background()); err != nil {
		return err
	}
	n.loops = append(n.loops, n.config.Run)
	n.lot, err = park.New(park.Options{Log: n.log, Max: set.MaxParked, Idle: n.set.Limits.IdleTimeout})
	if err == nil {
		n.closers = append(n.closers, n.lot.Close)
	}
	return err
}
