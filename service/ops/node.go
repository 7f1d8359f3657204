// Package ops is what operators and the ops endpoints ask of a node: who it is,
// who its peers are, what state it is in, what its raft groups are told.
package ops

import (
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// The states of a node, as Nacos names them.
const (
	Starting   = "STARTING"
	Up         = "UP"
	Suspicious = "SUSPICIOUS"
	Down       = "DOWN"
	Isolation  = "ISOLATION"
)

// Compatible is the version of Nacos whose answers this server gives. SDKs and
// consoles compare it, so it is not the version of Pharos.
const Compatible = "2.5.1"

// peerOffset is how far the peer port lies from the main port.
const peerOffset = -1000

// Member is one node of the cluster, as the cluster endpoints show it.
type Member struct {
	IP                string    `json:"ip"`
	Port              int       `json:"port"`
	State             string    `json:"state"`
	ExtendInfo        Extend    `json:"extendInfo"`
	Address           string    `json:"address"`
	FailAccessCnt     int       `json:"failAccessCnt"`
	Abilities         Abilities `json:"abilities"`
	GRPCReportEnabled bool      `json:"grpcReportEnabled"`
}

// Extend is what a node tells of itself beyond its address.
type Extend struct {
	LastRefreshTime  int64    `json:"lastRefreshTime"` // unix ms
	RaftMetaData     RaftMeta `json:"raftMetaData"`
	RaftPort         string   `json:"raftPort"`
	ReadyToUpgrade   bool     `json:"readyToUpgrade"`
	SupportGrayModel bool     `json:"supportGrayModel"`
	Version          string   `json:"version"`
}

// RaftMeta is the state of the raft groups by their names in Nacos.
type RaftMeta struct {
	Groups map[string]RaftGroup `json:"metaDataMap"`
}

// RaftGroup is the state of one raft group.
type RaftGroup struct {
	Leader  string   `json:"leader"`
	Members []string `json:"raftGroupMember"`
	Term    uint64   `json:"term"`
}

// Abilities is what a node can do, in the form that Nacos's nodes exchange.
type Abilities struct {
	Remote struct {
		Connection bool `json:"supportRemoteConnection"`
		GRPCReport bool `json:"grpcReportEnabled"`
	} `json:"remoteAbility"`
	Config struct {
		RemoteMetrics bool `json:"supportRemoteMetrics"`
	} `json:"configAbility"`
	Naming struct {
		Raft bool `json:"supportJraft"`
	} `json:"namingAbility"`
}

// raftGroups are the groups that a standalone Nacos has. Pharos has one log;
// it answers to all of their names.
func raftGroups() []string {
	return []string{"naming_instance_metadata", "naming_persistent_service_v2", "naming_service_metadata"}
}

// Self is the identity of this node.
type Self struct {
	IP   string
	Port int
}

// Address is ip:port.
func (s Self) Address() string { return net.JoinHostPort(s.IP, strconv.Itoa(s.Port)) }

// configGroup is the raft group that a Nacos has where configs are in its
// embedded database.
const configGroup = "nacos_config"

// Service answers for the cluster. On a single node that is the node itself.
type Service struct {
	self    Self
	ready   func() error
	level   *slog.LevelVar
	cpu     cpuMeter
	cluster *Cluster // nil on a node that stands alone
}

// New returns the service of a node; ready says why the node is not UP, level
// is that of its log, c is nil for a node that stands alone. It answers calls of
// other nodes, so it is made before the peer plane runs.
func New(self Self, ready func() error, level *slog.LevelVar, c *Cluster) *Service {
	s := &Service{self: self, ready: ready, level: level, cluster: c}
	if c != nil {
		s.serve()
	}
	return s
}

// Address is the node's own address.
func (s *Service) Address() string { return s.self.Address() }

// Port is the node's main port.
func (s *Service) Port() int { return s.self.Port }

// State is the state of this node.
func (s *Service) State() string {
	if s.ready() != nil {
		return Starting
	}
	return Up
}

// Self describes this node.
func (s *Service) Self() Member {
	if s.cluster == nil {
		return describe(s.self.IP, s.self.Port, s.State(), s.groups())
	}
	self := s.cluster.Members.Self()
	for _, m := range s.members() {
		if m.Address == self {
			return m
		}
	}
	return describe(s.self.IP, s.self.Port, s.State(), s.groups()) // it was removed
}

// describe is a node in the form of Nacos.
func describe(host string, port int, state string, groups map[string]RaftGroup) Member {
	raft := strconv.Itoa(port + peerOffset)
	m := Member{
		IP: host, Port: port, State: state, Address: host + ":" + strconv.Itoa(port), GRPCReportEnabled: true,
		ExtendInfo: Extend{
			LastRefreshTime: time.Now().UnixMilli(), RaftMetaData: RaftMeta{groups}, RaftPort: raft,
			ReadyToUpgrade: true, SupportGrayModel: true, Version: Compatible,
		},
	}
	m.Abilities.Remote.Connection, m.Abilities.Remote.GRPCReport, m.Abilities.Naming.Raft = true, true, true
	return m
}

// Members lists the nodes whose address begins with prefix, sorted by address.
func (s *Service) Members(prefix string) []Member {
	all := []Member{}
	if s.cluster == nil {
		all = append(all, s.Self())
	} else {
		all = s.members()
	}
	return slices.DeleteFunc(all, func(m Member) bool { return !strings.HasPrefix(m.Address, prefix) })
}

// InState is Members in one state, any where state is empty. The name of the
// state is compared without case.
func (s *Service) InState(prefix, state string) ([]Member, error) {
	if state != "" {
		switch state = strings.ToUpper(state); state {
		case Starting, Up, Suspicious, Down, Isolation:
		default:
			return nil, service.Errorf(service.BadState, "Illegal state: %s", strings.ToLower(state))
		}
	}
	out := []Member{}
	for _, m := range s.Members(prefix) {
		if state == "" || m.State == state {
			out = append(out, m)
		}
	}
	return out, nil
}

// CheckReport reports whether a member that another node tells of can be one.
func (s *Service) CheckReport(m Member) bool { return m.IP != "" && m.Address != "" && m.Port != -1 }

// SwitchLookup changes how members are found.
func (s *Service) SwitchLookup(kind string) error {
	switch kind {
	case "file", "address-server":
		return s.lookup(kind)
	default:
		return service.Errorf(service.BadParam, "The addressing mode exists : %s, just support : [[file, address-server]]", kind)
	}
}

// lookup changes it in a cluster; a node that stands alone finds itself either
// way.
func (s *Service) lookup(kind string) error {
	if s.cluster == nil {
		return nil
	}
	src, err := s.cluster.Lookup(kind)
	if err != nil {
		return service.Wrap(service.BadParam, err, "members cannot be found by "+kind)
	}
	s.cluster.Members.SetSource(src)
	return nil
}

// RaftCommand is an order to a raft group.
type RaftCommand struct {
	Group   string `json:"groupId"`
	Command string `json:"command"`
	Value   string `json:"value"`
}
