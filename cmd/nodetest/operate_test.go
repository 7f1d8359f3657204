package nodetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/cmd/settings"
)

// members is what a node lists: address and state.
func members(t *testing.T, m *nodetest.Member) (out []string) {
	t.Helper()
	_, body := m.Get("/v1/core/cluster/nodes", nil)
	var answer struct {
		Data []struct {
			Address, State string
			ExtendInfo     struct {
				RaftMetaData struct {
					MetaDataMap map[string]struct {
						Leader          string
						RaftGroupMember []string
						Term            int
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, x := range answer.Data {
		out = append(out, x.Address+" "+x.State)
		g := x.ExtendInfo.RaftMetaData.MetaDataMap["nacos_config"]
		if g.Leader == "" || g.Term == 0 || len(g.RaftGroupMember) == 0 {
			t.Errorf("the raft group of configs on %s: %+v", x.Address, g)
		}
	}
	return out
}

// order is a command to the log.
func order(m *nodetest.Member, command, value string) string {
	body := fmt.Sprintf(`{"command":%q,"value":%q}`, command, value)
	r := httptest.NewRequest(http.MethodPost, "/nacos/v1/core/ops/raft", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	return w.Body.String()
}

func up(all ...*nodetest.Member) (out []string) {
	for _, m := range all {
		out = append(out, m.Addr()+" UP")
	}
	return out
}

func TestOperations(t *testing.T) {
	const done = `{"code":200,"message":null,"data":null}`
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		n := l.Nodes
		l.Eventually(5*time.Second, func() bool { return cmp.Equal(up(n...), members(t, n[1])) })

		lead := leader(t, l)
		to := (lead + 1) % 3
		if got := order(n[lead], "transferLeader", n[to].PeerAddr()); got != done {
			t.Errorf("transfer: %s", got)
		}
		l.Eventually(5*time.Second, func() bool { return n[to].Leads() })
		publish(t, n[lead], "a", "1")
		for _, at := range []int{0, 1} {
			if got := order(n[0], "doSnapshot", n[at].PeerAddr()); got != done {
				t.Errorf("snapshot on %d: %s", at, got)
			}
		}
		for command, value := range map[string]string{
			"resetPeers": n[0].PeerAddr(), "changePeers": n[0].PeerAddr(), "transferLeader": "10.9.9.9:7848", "doSnapshot": "10.9.9.9:7848", "doMagic": "",
		} {
			if got := order(n[0], command, value); !strings.Contains(got, `"code":500`) {
				t.Errorf("%s %s: %s", command, value, got)
			}
		}

		n[2].Crash()
		if got := order(n[0], "removePeer", n[2].PeerAddr()); got != done {
			t.Errorf("remove: %s", got)
		}
		if got := order(n[0], "removePeer", "10.9.9.9:7848"); got != done {
			t.Errorf("remove of nobody: %s", got)
		}
		for _, m := range n[:2] {
			l.Eventually(5*time.Second, func() bool { return cmp.Equal(up(n[:2]...), members(t, m)) })
		}
		publish(t, n[0], "a", "2")

		n[2].Start() // it was removed, and nobody asks it to come back
		l.Eventually(30*time.Second, func() bool {
			_, body := n[2].Get("/v1/console/health/readiness", nil)
			return strings.Contains(body, "taken out")
		})
		if status, _ := n[2].Get("/v1/cs/configs", config("a", "")); status != http.StatusServiceUnavailable {
			t.Errorf("a removed node answers %d", status)
		}
		n[2].Stop()
		n[2].Tune(func(s *settings.Settings) { s.Cluster.Join = []string{n[0].Addr()} })
		n[2].Start()
		l.Ready()
		wants(t, n[2], "a", "2")
	})
}

// A node that lost its data takes its place again under a new name.
func TestWipedNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		m := l.Nodes[1]
		publish(t, m, "a", "1")
		m.Crash()
		if err := os.RemoveAll(m.Dir()); err != nil {
			t.Fatal(err)
		}
		publish(t, l.Nodes[0], "b", "1")
		m.Start()
		if status, body := m.Get("/v1/cs/configs", config("a", "")); status == http.StatusNotFound {
			t.Errorf("before it has what the others have: %d %s", status, body)
		}
		l.Ready()
		wants(t, m, "a", "1")
		l.Nodes[2].Crash() // the new one counts for the majority
		publish(t, l.Nodes[0], "c", "1")
		wants(t, m, "c", "1", current, "linearizable")
	})
}

func TestLearner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		m := l.Add(func(s *settings.Settings) { s.Cluster.Learner = true })
		m.Start()
		l.Ready()
		publish(t, m, "a", "1")
		wants(t, m, "a", "1")
		l.Nodes[0].Crash() // of three votes two are left
		publish(t, m, "a", "2")
		l.Nodes[1].Crash() // its own would be the second of four
		if status, body := m.Call(http.MethodPost, "/v1/cs/configs", config("a", "3")); status != http.StatusServiceUnavailable {
			t.Errorf("a learner makes up a majority: %d %s", status, body)
		}

		l.Nodes[0].Start()
		l.Nodes[1].Start()
		l.Ready()
		m.Stop()
		m.Tune(nil) // it gets its vote
		m.Start()
		l.Ready()
		time.Sleep(3 * time.Second) // the leader changes one thing a second
		l.Nodes[0].Crash()
		if got := order(m, "removePeer", l.Nodes[0].PeerAddr()); !strings.Contains(got, "200") {
			t.Error(got)
		}
		l.Eventually(5*time.Second, func() bool { return cmp.Equal(up(l.Nodes[1], l.Nodes[2], m), members(t, m)) })
		publish(t, m, "a", "4")
		time.Sleep(3 * time.Second)
		l.Nodes[1].Crash() // of three votes two are left, its own among them
		publish(t, m, "a", "5")
	})
}

// Certificates take the place of the secret.
func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "node"}, NotAfter: time.Unix(1<<33, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	write := func(name, kind string, der []byte, err error) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err == nil {
			err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	ca := write("ca.pem", "CERTIFICATE", der, err)
	der, err = x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key)
	cert := write("node.pem", "CERTIFICATE", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(key)
	keyFile := write("node.key", "PRIVATE KEY", der, err)

	synctest.Test(t, func(t *testing.T) {
		l := nodetest.New(t, 3)
		for _, m := range l.Nodes {
			m.Tune(func(s *settings.Settings) {
				s.Cluster.Secret = ""
				s.Cluster.TLS = settings.PeerTLS{Enabled: true, CertFile: cert, KeyFile: keyFile, CAFile: ca}
				s.Auth.TokenSecret = "c2VjcmV0IG9mIGEgdGVzdCwgc2VjcmV0IG9mIGEgdGVzdCwgc2VjcmV0IG9mIGEgdGVzdA=="
			})
			m.Start()
		}
		l.Ready()
		publish(t, l.Nodes[0], "a", "1")
		wants(t, l.Nodes[2], "a", "1", current, "linearizable")
	})
}

// A cluster whose nodes would trust anybody does not start.
func TestRefusedStarts(t *testing.T) {
	for name, tt := range map[string]struct {
		tune func(*settings.Settings)
		want string
	}{
		"no secret":    {func(s *settings.Settings) { s.Cluster.Secret = "" }, "set pharos.cluster.secret"},
		"known secret": {func(s *settings.Settings) { s.Cluster.Secret = "ChangeMe" }, "publicly known"},
		"short secret": {func(s *settings.Settings) { s.Cluster.Secret = "a1b2c3" }, "shorter than 8"},
		"default identity": {func(s *settings.Settings) {
			s.Cluster.Secret, s.Auth.IdentityKey, s.Auth.IdentityValue = "", "serverIdentity", "security"
		}, "publicly known"},
		"known value": {func(s *settings.Settings) {
			s.Cluster.Secret, s.Auth.IdentityKey, s.Auth.IdentityValue = "", "k", "security"
		}, "publicly known"},
		"short identity": {func(s *settings.Settings) {
			s.Cluster.Secret, s.Auth.IdentityKey, s.Auth.IdentityValue = "", "k", "abc"
		}, "too short"},
		"half certificates": {func(s *settings.Settings) { s.Cluster.TLS = settings.PeerTLS{Enabled: true, CertFile: "c"} }, "all three"},
		"no members":        {func(s *settings.Settings) { s.Cluster.MemberList = nil }, "set nacos.member.list"},
		"bad member":        {func(s *settings.Settings) { s.Cluster.MemberList = []string{"a:b"} }, "nacos.member.list"},
		"bad join":          {func(s *settings.Settings) { s.Cluster.Join = []string{"a:99999"} }, "pharos.cluster.join"},
		"bad name":          {func(s *settings.Settings) { s.Cluster.MemberList, s.Cluster.DNS = nil, "name:x" }, "pharos.cluster.dns"},
	} {
		t.Run(name, func(t *testing.T) {
			l := nodetest.New(t, 1)
			l.Nodes[0].Tune(tt.tune)
			err := l.Nodes[0].TryStart()
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want one line with %q", err, tt.want)
			}
		})
	}
}

// A Nacos's own server identity stands in for the secret.
func TestIdentityIsASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.New(t, 3)
		for _, m := range l.Nodes {
			m.Tune(func(s *settings.Settings) {
				s.Cluster.Secret, s.Auth.IdentityKey, s.Auth.IdentityValue = "", "ours", "a value of our own"
			})
			m.Start()
		}
		l.Ready()
		publish(t, l.Nodes[0], "a", "1")
	})
}
