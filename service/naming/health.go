package naming

import (
	"context"

	"github.com/pharos-registry/pharos/service"
)

// ForceHealth sets the health of a persistent instance by hand, which is allowed
// where its cluster was told to have no checks. An instance that is not there, or
// an ephemeral one, is no error. by is the user who asks for it.
func (s *Service) ForceHealth(ctx context.Context, k Key, ip string, port uint16, cluster string, healthy bool, by string) error {
	v := s.View(k)
	set, given := v.Meta.Cluster(cluster)
	if !given || set.Checker.Type != CheckNone {
		return service.Errorf(service.HealthChecked, "health check is still working, service: %s, cluster: %s", v.Grouped, cluster)
	}
	return s.setHealth(ctx, k, ip, port, healthy, by)
}
