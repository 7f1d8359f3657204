package node

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A certificate that was made here is kept while it is good for a while, and
// made anew when it ends soon or is in pieces.
func TestOwnCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "secrets")
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	now := time.Now()
	serial := func(at time.Time) string {
		t.Helper()
		if err := ownCertificate(cert, key, "192.0.2.1", at); err != nil {
			t.Fatal(err)
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.String()
	}
	first := serial(now)
	if serial(now.Add(certValid-certRenew-time.Hour)) != first {
		t.Error("a certificate that is good for more than a month is made anew")
	}
	second := serial(now.Add(certValid - certRenew + time.Hour))
	if second == first {
		t.Error("a certificate in its last month is kept")
	}
	if err := os.WriteFile(cert, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if third := serial(now); third == second {
		t.Error("a torn certificate is kept")
	}
}
