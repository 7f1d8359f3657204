package security_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	"github.com/pharos-registry/pharos/test/conformance"
	"github.com/pharos-registry/pharos/test/server"
)

// check asks a server over gRPC whether it is there, as SDKs do first. It returns
// the serial number of the server's certificate, 0 where there is none.
func check(t *testing.T, port int, creds credentials.TransportCredentials) (serial int64, err error) {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		grpc.WithTransportCredentials(creds), grpc.WithNoProxy(), grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(conformance.PayloadCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cc.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	answer, who := &conformance.Payload{}, peer.Peer{}
	err = cc.Invoke(ctx, "/Request/request", &conformance.Payload{Type: "ServerCheckRequest", Body: []byte(`{"module":"internal"}`)}, answer, grpc.Peer(&who))
	if err == nil && answer.Type != "ServerCheckResponse" {
		t.Errorf("answered with a %q: %s", answer.Type, answer.Body)
	}
	if info, ok := who.AuthInfo.(credentials.TLSInfo); ok && len(info.State.PeerCertificates) > 0 {
		serial = info.State.PeerCertificates[0].SerialNumber.Int64()
	}
	return serial, err
}

// The port of gRPC speaks the TLS of the HTTP port. Beside it clients without
// TLS are served, as Nacos does, unless that is switched off or certificates of
// clients are required.
func TestTLSOfGRPC(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	trust := func(a, mine *authority) *tls.Config {
		cfg := &tls.Config{RootCAs: pool(a.pem), MinVersion: tls.VersionTLS12}
		if mine != nil {
			pair, err := tls.X509KeyPair(mine.issue(t, 32))
			if err != nil {
				t.Fatal(err)
			}
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		return cfg
	}
	for name, c := range map[string]struct {
		keys          map[string]string
		plain, nobody bool // may come without TLS, and without a certificate
	}{
		"as it is":              {nil, true, true},
		"TLS alone":             {map[string]string{"nacos.remote.server.rpc.tls.compatibility": "false"}, false, true},
		"certificates required": {map[string]string{"pharos.tls.client-cert": "true"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, port := t.TempDir(), server.FreePort(t)
			keys := map[string]string{}
			cert, key := ca.issue(t, 31)
			for k, b := range map[string][]byte{"pharos.tls.cert": cert, "pharos.tls.key": key, "pharos.tls.client-ca": ca.pem} {
				keys[k] = filepath.Join(dir, k)
				write(t, keys[k], b)
			}
			maps.Copy(keys, c.keys)
			startTLS(t, port, keys, trust(ca, ca))
			for _, client := range []struct {
				who   string
				creds credentials.TransportCredentials
				may   bool
			}{
				{"a client with a certificate", credentials.NewTLS(trust(ca, ca)), true},
				{"a client without one", credentials.NewTLS(trust(ca, nil)), c.nobody},
				{"a client with another authority's", credentials.NewTLS(trust(ca, other)), false},
				{"a client that trusts another authority", credentials.NewTLS(trust(other, ca)), false},
				{"a client without TLS", insecure.NewCredentials(), c.plain},
			} {
				if _, err := check(t, port+1000, client.creds); (err == nil) != client.may {
					t.Errorf("%s: %v, want accepted %v", client.who, err, client.may)
				}
			}
		})
	}
}
