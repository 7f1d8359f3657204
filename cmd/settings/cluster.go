package settings

import "time"

// Modes of Cluster.Mode.
const (
	ModeAuto       = "auto" // cluster where members are named, else standalone
	ModeStandalone = "standalone"
	ModeCluster    = "cluster"
)

// Cluster is how nodes find and trust each other.
type Cluster struct {
	Mode       string // pharos.mode: ModeAuto, ModeStandalone or ModeCluster, as said
	Said       Choice // nacos.standalone, as said; the mode wins over it
	Standalone bool   // what follows from Mode, Said and whether members are named
	SelfIP     string // nacos.inetutils.ip-address or nacos.server.ip: the address that others know this node by

	MemberList []string // nacos.member.list: host, host:port; empty when ConfFile is used
	ConfFile   string   // the cluster.conf found; "" when there is none or a member list outranks it
	Lookup     string   // nacos.core.member.lookup.type: "", "file" or "address-server"
	Join       []string // pharos.cluster.join: addresses of which any brings this node into its cluster
	DNS        string   // pharos.cluster.dns: a name, with an optional port, that resolves to all members
	DNSRefresh time.Duration
	Address    AddressServer

	Secret       string // pharos.cluster.secret: what nodes trust each other by. Secret
	Learner      bool   // pharos.cluster.learner: follow the log without a vote in it
	FailAccess   int    // nacos.core.member.fail-access-cnt: missed answers before a member is DOWN
	PreferHost   bool   // nacos.inetutils.prefer-hostname-over-ip
	SiteLocal    bool   // nacos.inetutils.use-only-site-local-interfaces
	Networks     []string
	IgnoreIfaces []string

	Raft   Raft
	Distro Distro
	TLS    PeerTLS
}

// AddressServer answers GET http://Domain:PortURL with the members, a line each.
type AddressServer struct {
	Domain string // address.server.domain
	Port   int    // address.server.port
	URL    string // address.server.url
	Retry  int    // nacos.core.address-server.retry: first tries before the start fails
}

// Raft is the replicated log of durable writes.
type Raft struct {
	ElectionTimeout  time.Duration // nacos.core.protocol.raft.data.election_timeout_ms; 0 is half a second
	SnapshotInterval time.Duration // nacos.core.protocol.raft.data.snapshot_interval_secs
	ApplyTimeout     time.Duration // nacos.core.protocol.raft.data.rpc_request_timeout_ms: for one write to be committed
}

// Distro is the copying of ephemeral data between nodes.
type Distro struct {
	SyncDelay      time.Duration // nacos.core.protocol.distro.data.sync.delayMs
	SyncTimeout    time.Duration // nacos.core.protocol.distro.data.sync.timeoutMs
	RetryDelay     time.Duration // nacos.core.protocol.distro.data.sync.retryDelayMs
	VerifyInterval time.Duration // nacos.core.protocol.distro.data.verify.intervalMs
	VerifyTimeout  time.Duration // nacos.core.protocol.distro.data.verify.timeoutMs
	LoadTimeout    time.Duration // nacos.core.protocol.distro.data.load.timeoutMs
	LoadRetryDelay time.Duration // nacos.core.protocol.distro.data.load.retryDelayMs
}

func defaultCluster() Cluster {
	return Cluster{
		Mode: ModeAuto, Standalone: true, DNSRefresh: 5 * time.Second,
		Address:    AddressServer{Domain: "jmenv.tbsite.net", Port: 8080, URL: "/nacos/serverlist", Retry: 5},
		FailAccess: 3,
		Raft:       Raft{SnapshotInterval: 30 * time.Minute, ApplyTimeout: 5 * time.Second},
		Distro: Distro{
			// Nacos collects changes for a second; Pharos sends the first at once.
			SyncDelay: 50 * time.Millisecond, SyncTimeout: 3 * time.Second, RetryDelay: 3 * time.Second,
			VerifyInterval: 5 * time.Second, VerifyTimeout: 3 * time.Second,
			LoadTimeout: 30 * time.Second, LoadRetryDelay: 30 * time.Second,
		},
	}
}

// settle decides between the modes once all is said.
func (c *Cluster) settle() {
	switch {
	case c.Mode != ModeAuto:
		c.Standalone = c.Mode == ModeStandalone
	case c.Said != Unsaid:
		c.Standalone = c.Said == Yes
	default:
		c.Standalone = len(c.MemberList) == 0 && c.ConfFile == "" && len(c.Join) == 0 && c.DNS == "" && c.Lookup != "address-server"
	}
}

func (c *Cluster) keys() []key {
	keys := append(c.memberKeys(), c.addressKeys()...)
	keys = append(keys, c.Raft.keys()...)
	keys = append(keys, c.Distro.keys()...)
	return append(keys, c.TLS.keys()...)
}

func (c *Cluster) memberKeys() []key {
	return []key{
		{name: "pharos.mode", env: []string{"MODE"}, flag: "mode", doc: "standalone, cluster, or auto: cluster where members are named", value: oneOf(&c.Mode, ModeAuto, ModeStandalone, ModeCluster)},
		{name: "nacos.standalone", doc: "true is standalone, false cluster, where the mode is auto", value: choice(&c.Said)},
		{name: "nacos.member.list", env: []string{"NACOS_SERVERS"}, doc: "all members, comma or space separated: host or host:port; a cluster.conf wins over the one in a file", value: list(&c.MemberList)},
		{name: "nacos.core.member.lookup.type", doc: "force how members are found: file or address-server", value: oneOf(&c.Lookup, "", "file", "address-server")},
		{name: "pharos.cluster.join", flag: "join", doc: "addresses of members of which any brings this node into its cluster", value: list(&c.Join)},
		{name: "pharos.cluster.dns", doc: "DNS name, with an optional port, that resolves to all members", value: text(&c.DNS)},
		{name: "pharos.cluster.dns.refresh", doc: "how often the name is resolved again, s", value: seconds(&c.DNSRefresh, time.Second, time.Hour)},
		{name: "pharos.cluster.secret", secret: true, doc: "the secret by which nodes trust each other; the same on all", value: text(&c.Secret)},
		{name: "pharos.cluster.learner", doc: "follow the replicated log without a vote: a node that is no part of the majority", value: boolean(&c.Learner)},
		{name: "nacos.core.member.fail-access-cnt", doc: "unanswered reports before a member is DOWN", value: number(&c.FailAccess, 1, 1000)},
	}
}

func (c *Cluster) addressKeys() []key {
	return []key{
		{name: "address.server.domain", env: []string{"address_server_domain"}, doc: "host of an address server", value: filled(&c.Address.Domain)},
		{name: "address.server.port", env: []string{"address_server_port"}, doc: "its port", value: number(&c.Address.Port, 1, 65535)},
		{name: "address.server.url", env: []string{"address_server_url"}, doc: "the path of its member list", value: filled(&c.Address.URL)},
		{name: "nacos.core.address-server.retry", doc: "first tries before the start fails", value: number(&c.Address.Retry, 1, 1000)},
		{
			name: "nacos.inetutils.ip-address", aliases: []string{"nacos.server.ip"}, env: []string{"NACOS_SERVER_IP"},
			doc: "the address or host name that others know this node by; empty looks for one", value: text(&c.SelfIP),
		},
		{
			name: "nacos.inetutils.prefer-hostname-over-ip", aliases: []string{"nacos.preferHostnameOverIp"}, env: []string{"PREFER_HOST_MODE"},
			doc: "be known by the host name", value: preferHost(&c.PreferHost),
		},
		{name: "nacos.inetutils.use-only-site-local-interfaces", env: []string{"USE_ONLY_SITE_INTERFACES"}, doc: "consider private addresses only", value: boolean(&c.SiteLocal)},
		{name: "nacos.inetutils.preferred-networks", env: []string{"PREFERRED_NETWORKS"}, doc: "patterns or prefixes of addresses to consider", value: list(&c.Networks)},
		{name: "nacos.inetutils.ignored-interfaces", env: []string{"IGNORED_INTERFACES"}, doc: "patterns of interfaces to leave out", value: list(&c.IgnoreIfaces)},
	}
}

func (r *Raft) keys() []key {
	const p = "nacos.core.protocol.raft.data."
	return []key{
		{name: p + "election_timeout_ms", doc: "silence of the leader before an election, ms; 0 is 500", value: millis(&r.ElectionTimeout, 0, time.Minute)},
		{name: p + "snapshot_interval_secs", doc: "how often the log may be folded into a snapshot, s", value: seconds(&r.SnapshotInterval, time.Second, 30*24*time.Hour)},
		{name: p + "rpc_request_timeout_ms", doc: "wait for a write to be committed, ms", value: millis(&r.ApplyTimeout, 100*time.Millisecond, time.Hour)},
	}
}

func (d *Distro) keys() []key {
	const p = "nacos.core.protocol.distro.data."
	return []key{
		{name: p + "sync.delayMs", inert: true, doc: "how long further changes of one client are collected, ms", value: millis(&d.SyncDelay, 0, time.Minute)},
		{name: p + "sync.timeoutMs", inert: true, doc: "wait for a peer to take changes, ms", value: millis(&d.SyncTimeout, 10*time.Millisecond, time.Minute)},
		{name: p + "sync.retryDelayMs", inert: true, doc: "before failed changes are sent again, ms", value: millis(&d.RetryDelay, 10*time.Millisecond, time.Hour)},
		{name: p + "verify.intervalMs", inert: true, doc: "how often digests are compared, ms", value: millis(&d.VerifyInterval, 100*time.Millisecond, time.Hour)},
		{name: p + "verify.timeoutMs", inert: true, doc: "wait for such a comparison, ms", value: millis(&d.VerifyTimeout, 10*time.Millisecond, time.Minute)},
		{name: p + "load.timeoutMs", inert: true, doc: "wait for a peer's whole data at the start, ms", value: millis(&d.LoadTimeout, 100*time.Millisecond, time.Hour)},
		{name: p + "load.retryDelayMs", inert: true, doc: "before all peers are asked for it again, ms", value: millis(&d.LoadRetryDelay, 10*time.Millisecond, time.Hour)},
	}
}
