package settings

// TLS secures the HTTP and gRPC listeners.
type TLS struct {
	Enabled    bool   // pharos.tls.enabled: HTTPS instead of HTTP, and gRPC as GRPC says
	GRPC       bool   // nacos.remote.server.rpc.tls.enableTls: gRPC alone
	CertFile   string // certChainFile: PEM; "" has one generated into the data directory
	KeyFile    string // certPrivateKey: PEM
	KeyPass    string // certPrivateKeyPassword. Secret
	ClientCA   string // trustCollectionCertFile: PEM; whose client certificates are accepted
	ClientCert bool   // mutualAuthEnable: clients must show one
	AlsoPlain  bool   // compatibility: gRPC takes plain connections beside TLS, as Nacos does
}

// PeerTLS secures the traffic between nodes.
type PeerTLS struct {
	Enabled  bool   // nacos.remote.peer.rpc.tls.enableTls
	CertFile string // nacos.remote.peer.rpc.tls.certChainFile
	KeyFile  string // nacos.remote.peer.rpc.tls.certPrivateKey
	CAFile   string // nacos.remote.peer.rpc.tls.trustCollectionCertFile: who signed the peers' certificates
}

func defaultTLS() TLS { return TLS{AlsoPlain: true} }

func (t *TLS) keys() []key {
	const p = "nacos.remote.server.rpc.tls."
	return []key{
		{name: "pharos.tls.enabled", aliases: []string{"server.ssl.enabled"}, doc: "TLS on the HTTP, console and gRPC ports", value: boolean(&t.Enabled)},
		{name: p + "enableTls", doc: "TLS on the gRPC port alone", value: boolean(&t.GRPC)},
		{name: p + "certChainFile", aliases: []string{"pharos.tls.cert"}, doc: "PEM file of the certificate chain; empty has one generated", value: text(&t.CertFile)},
		{name: p + "certPrivateKey", aliases: []string{"pharos.tls.key"}, doc: "PEM file of its private key", value: text(&t.KeyFile)},
		{name: p + "certPrivateKeyPassword", aliases: []string{"pharos.tls.key-password"}, secret: true, doc: "password of the private key", value: text(&t.KeyPass)},
		{name: p + "trustCollectionCertFile", aliases: []string{"pharos.tls.client-ca"}, doc: "PEM file of authorities whose client certificates are accepted", value: text(&t.ClientCA)},
		{name: p + "mutualAuthEnable", aliases: []string{"pharos.tls.client-cert"}, doc: "clients must show a certificate", value: boolean(&t.ClientCert)},
		{name: p + "compatibility", doc: "the gRPC port takes plain connections beside TLS", value: boolean(&t.AlsoPlain)},
	}
}

func (t *PeerTLS) keys() []key {
	const p = "nacos.remote.peer.rpc.tls."
	return []key{
		{name: p + "enableTls", doc: "nodes show each other certificates", value: boolean(&t.Enabled)},
		{name: p + "certChainFile", doc: "PEM file of this node's certificate chain", value: text(&t.CertFile)},
		{name: p + "certPrivateKey", doc: "PEM file of its private key", value: text(&t.KeyFile)},
		{name: p + "trustCollectionCertFile", doc: "PEM file of the authorities of all nodes", value: text(&t.CAFile)},
	}
}
