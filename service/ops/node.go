// Package ops is what operators and the ops endpoints ask of a node: who it is,
// who its peers are, what state it is in, what its raft groups are told.
package ops

import (
	"log/slog"
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
func (s Self) Address() string { return s.IP + ":" + strconv.Itoa(s.Port) }

// Service answers for the cluster. On a single node that is the node itself.
type Service struct {
	self  Self
	ready func() error
	level *slog.LevelVar
	cpu   cpuMeter
}

// New returns the service of a node; ready says why the node is not UP, level
// is that of its log.
func New(self Self, ready func() error, level *slog.LevelVar) *Service {
	return &Service{self: self, ready: ready, level: level}
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
	raft := s.self.IP + ":" + strconv.Itoa(s.self.Port+peerOffset)
	groups := map[string]RaftGroup{}
	for _, g := range raftGroups() {
		groups[g] = RaftGroup{Leader: raft, Members: []string{raft}, Term: 1}
	}
	m := Member{
		IP: s.self.IP, Port: s.self.Port, State: s.State(), Address: s.self.Address(), GRPCReportEnabled: true,
		ExtendInfo: Extend{
			LastRefreshTime: time.Now().UnixMilli(), RaftMetaData: RaftMeta{groups}, RaftPort: strconv.Itoa(s.self.Port + peerOffset),
			ReadyToUpgrade: true, SupportGrayModel: true, Version: Compatible,
		},
	}
	m.Abilities.Remote.Connection, m.Abilities.Remote.GRPCReport, m.Abilities.Naming.Raft = true, true, true
	return m
}

// Members lists the nodes whose address begins with prefix, sorted by address.
func (s *Service) Members(prefix string) []Member {
	self := s.Self()
	if !strings.HasPrefix(self.Address, prefix) {
		return []Member{}
	}
	return []Member{self}
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
		return nil
	default:
		return service.Errorf(service.BadParam, "The addressing mode exists : %s, just support : [[file, address-server]]", kind)
	}
}

// RaftCommand is an order to a raft group.
type RaftCommand struct {
	Group   string `json:"groupId"`
	Command string `json:"command"`
	Value   string `json:"value"`
}
