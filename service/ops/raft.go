package ops

import (
	"slices"

	"github.com/pharos-registry/pharos/service"
)

// Raft carries out a command on a raft group, all groups where none is named.
// A single node has nobody to hand leadership to and no peer to remove: what
// changes nothing succeeds, anything else is refused.
func (s *Service) Raft(c RaftCommand) error {
	if c.Group != "" && !slices.Contains(append(raftGroups(), "naming_persistent_service", "nacos_config"), c.Group) {
		return service.Errorf(service.Internal, "not this raft group : %s", c.Group)
	}
	switch c.Command {
	case "transferLeader", "doSnapshot", "restRaftCluster", "removePeer", "removePeers", "changePeers", "resetPeers":
		return service.Errorf(service.Internal, "this server stands alone: there is no raft group to change")
	case "":
		return service.Errorf(service.Internal, "Not support command : null")
	default:
		return service.Errorf(service.Internal, "Not support command : %s", c.Command)
	}
}
