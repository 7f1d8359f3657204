package persistence

import (
	"context"
	"database/sql"
)

// ServiceOverlay is an overlay and the service of its instance.
type ServiceOverlay struct {
	ServiceKey
	Overlay
}

// Naming is all that is durable of service discovery.
type Naming struct {
	Services  []Service
	Clusters  []Cluster
	Instances []Instance
	Overlays  []ServiceOverlay
	Switches  []SetSwitch
}

// Naming reads all that is durable of service discovery, in the order of keys.
func (d *DB) Naming(ctx context.Context) (n Naming, err error) {
	s, err := d.source(copied)
	if err != nil {
		return n, err
	}
	n.Services, err = list(ctx, s, "SELECT namespace, grp, name, ephemeral, threshold, metadata, selector FROM pharos_service ORDER BY 1, 2, 3", nil,
		func(r *sql.Rows, v *Service) error {
			return r.Scan(&v.Namespace, &v.Group, &v.Name, &v.Ephemeral, &v.Threshold, &v.Metadata, &v.Selector)
		})
	if err != nil {
		return n, err
	}
	n.Clusters, err = list(ctx, s, "SELECT namespace, grp, name, cluster, check_port, use_instance_port, checker, metadata FROM pharos_cluster ORDER BY 1, 2, 3, 4", nil,
		func(r *sql.Rows, v *Cluster) error {
			return r.Scan(&v.Namespace, &v.Group, &v.Name, &v.Cluster, &v.CheckPort, &v.UseInstancePort, &v.Checker, &v.Metadata)
		})
	if err != nil {
		return n, err
	}
	n.Instances, err = list(ctx, s, "SELECT namespace, grp, name, ip, port, cluster, weight, healthy, enabled, metadata, instance_id FROM pharos_instance ORDER BY 1, 2, 3, 4, 5", nil,
		func(r *sql.Rows, v *Instance) error {
			return r.Scan(&v.Namespace, &v.Group, &v.Name, &v.IP, &v.Port, &v.Cluster, &v.Weight, &v.Healthy, &v.Enabled, &v.Metadata, &v.ID)
		})
	if err != nil {
		return n, err
	}
	n.Overlays, err = list(ctx, s, "SELECT namespace, grp, name, ip, port, cluster, weight, enabled, metadata FROM pharos_overlay ORDER BY 1, 2, 3, 4, 5, 6", nil,
		func(r *sql.Rows, v *ServiceOverlay) error {
			return r.Scan(&v.Namespace, &v.Group, &v.Name, &v.IP, &v.Port, &v.Cluster, &v.Weight, &v.Enabled, &v.Metadata)
		})
	if err != nil {
		return n, err
	}
	n.Switches, err = list(ctx, s, "SELECT entry, value FROM pharos_switch ORDER BY entry", nil,
		func(r *sql.Rows, v *SetSwitch) error { return r.Scan(&v.Entry, &v.Value) })
	return n, err
}
