// Package security_test looks at the real binary from outside: TLS, the first
// administrator, secrets in what it writes, and tokens across a restart.
package security_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/pharos-registry/pharos/test/server"
)

// authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// issue returns a certificate and its key, in PEM.
func (a *authority) issue(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

const liveness = "/nacos/v1/console/health/liveness"

// get asks for a path over TLS and returns the answer and the serial number of
// the server's certificate; err is that of the handshake.
func get(t *testing.T, port int, path string, cfg *tls.Config) (status int, header http.Header, serial int64, err error) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true, ForceAttemptHTTP2: true}, Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+strconv.Itoa(port)+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Do(req)
	if err != nil {
		return 0, nil, 0, err
	}
	_ = r.Body.Close()
	return r.StatusCode, r.Header, r.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
}

// startTLS starts a server that speaks TLS and waits until it does.
func startTLS(t *testing.T, port int, keys map[string]string, ready *tls.Config) *server.Server {
	t.Helper()
	keys["pharos.tls.enabled"] = "true"
	s := server.New(t, server.Options{Port: port, Settings: keys})
	s.Launch()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, _, _, err := get(t, port, liveness, ready); err == nil && status == http.StatusOK {
			return s
		} else if time.Now().After(deadline) {
			t.Fatalf("no TLS within 30 s: %v\n%s", err, s.Log())
		}
		<-tick.C
	}
}

func pool(pems ...[]byte) *x509.CertPool {
	p := x509.NewCertPool()
	for _, b := range pems {
		p.AppendCertsFromPEM(b)
	}
	return p
}

// A certificate of one's own is served, and a renewed one without a restart.
func TestOwnCertificate(t *testing.T) {
	t.Parallel()
	ca, dir, port := newAuthority(t), t.TempDir(), server.FreePort(t)
	certFile, keyFile := filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	cert, key := ca.issue(t, 11)
	write(t, certFile, cert)
	write(t, keyFile, key)
	trust := &tls.Config{RootCAs: pool(ca.pem), MinVersion: tls.VersionTLS12}
	s := startTLS(t, port, map[string]string{"pharos.tls.cert": certFile, "pharos.tls.key": keyFile}, trust)
	status, header, serial, err := get(t, port, liveness, trust)
	if err != nil || status != http.StatusOK || serial != 11 {
		t.Fatalf("%d, serial %d, %v", status, serial, err)
	}
	if header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to come by TLS alone")
	}
	if _, _, _, err := get(t, port, liveness, &tls.Config{RootCAs: pool(ca.pem), MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if serial, err := check(t, port+1000, credentials.NewTLS(trust)); err != nil || serial != 11 {
		t.Fatalf("over gRPC: serial %d, %v", serial, err)
	}
	// Half of a renewal changes nothing, the whole does.
	cert, key = ca.issue(t, 12)
	write(t, certFile, cert)
	write(t, keyFile, key)
	deadline := time.Now().Add(40 * time.Second)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for name, serve := range map[string]func() (int64, error){
		"HTTP": func() (int64, error) {
			_, _, serial, err := get(t, port, liveness, trust)
			return serial, err
		},
		"gRPC": func() (int64, error) { return check(t, port+1000, credentials.NewTLS(trust)) },
	} {
		for serial, err := serve(); serial != 12; serial, err = serve() {
			if err != nil || serial != 11 || time.Now().After(deadline) {
				t.Fatalf("the renewed certificate is not served over %s: serial %d, %v\n%s", name, serial, err, s.Log())
			}
			<-tick.C
		}
	}
}

// Without a certificate one is made: the clients can be told to trust its file,
// and its key is its owner's alone.
func TestGeneratedCertificate(t *testing.T) {
	t.Parallel()
	port := server.FreePort(t)
	s := startTLS(t, port, map[string]string{}, &tls.Config{InsecureSkipVerify: true}) // to see that it is up
	b, err := os.ReadFile(filepath.Join(s.Dir, "secrets", "tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _, err := get(t, port, liveness, &tls.Config{RootCAs: pool(b), MinVersion: tls.VersionTLS12}); err != nil || status != http.StatusOK {
		t.Errorf("with the file trusted: %d, %v", status, err)
	}
	if _, _, _, err := get(t, port, liveness, &tls.Config{MinVersion: tls.VersionTLS12}); err == nil {
		t.Error("a self-signed certificate is trusted by itself")
	}
	info, err := os.Stat(filepath.Join(s.Dir, "secrets", "tls.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
}

// Client certificates, where they are required, and where they are not.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	for name, c := range map[string]struct {
		required      string
		bare, foreign bool // may a client without one, or with one of another authority?
	}{
		"required": {"true", false, false},
		"optional": {"false", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, port := t.TempDir(), server.FreePort(t)
			files := map[string]string{"pharos.tls.client-cert": c.required}
			cert, key := ca.issue(t, 21)
			for k, b := range map[string][]byte{"pharos.tls.cert": cert, "pharos.tls.key": key, "pharos.tls.client-ca": ca.pem} {
				files[k] = filepath.Join(dir, k)
				write(t, files[k], b)
			}
			with := func(a *authority) *tls.Config {
				cfg := &tls.Config{RootCAs: pool(ca.pem), MinVersion: tls.VersionTLS12}
				if a != nil {
					pair, err := tls.X509KeyPair(a.issue(t, 22))
					if err != nil {
						t.Fatal(err)
					}
					// Sent whatever authorities the server names.
					cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
				}
				return cfg
			}
			startTLS(t, port, files, with(ca))
			for who, a := range map[string]*authority{"nobody's": nil, "another authority's": other} {
				may := c.bare
				if a != nil {
					may = c.foreign
				}
				if _, _, _, err := get(t, port, liveness, with(a)); (err == nil) != may {
					t.Errorf("with %s certificate: %v, want accepted %v", who, err, may)
				}
			}
		})
	}
}
