package ops

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// raftTime bounds a command on the log.
const raftTime = 10 * time.Second

// Raft carries out a command on a raft group, all groups where none is named:
// they are one log. A single node has nobody to hand leadership to and no peer
// to remove, and refuses.
func (s *Service) Raft(ctx context.Context, c RaftCommand) error {
	if c.Group != "" && !slices.Contains(append(raftGroups(), "naming_persistent_service", configGroup), c.Group) {
		return service.Errorf(service.Internal, "not this raft group : %s", c.Group)
	}
	switch c.Command {
	case "transferLeader", "doSnapshot", "restRaftCluster", "removePeer", "removePeers", "changePeers", "resetPeers":
		if s.cluster == nil {
			return service.Errorf(service.Internal, "this server stands alone: there is no raft group to change")
		}
		ctx, cancel := context.WithTimeout(ctx, raftTime)
		defer cancel()
		err := s.cluster.command(ctx, c.Command, strings.TrimSpace(c.Value))
		if known, ok := errors.AsType[*service.Error](err); err == nil || ok {
			return errorOf(known)
		}
		return service.Errorf(service.Internal, "%v", err) // an operator's own cluster: he may know why
	case "":
		return service.Errorf(service.Internal, "Not support command : null")
	default:
		return service.Errorf(service.Internal, "Not support command : %s", c.Command)
	}
}

// errorOf is e as an error, nil where there is none.
func errorOf(e *service.Error) error {
	if e == nil {
		return nil
	}
	return e
}
