package peer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestAuthentication(t *testing.T) {
	mine, theirs := authority(t), authority(t)
	for _, tt := range []struct {
		name         string
		client, srv  Credentials
		want         error
		clientLearns bool
	}{
		{name: "one secret", client: shared(t, secret), srv: shared(t, secret)},
		{name: "two secrets", client: shared(t, secret), srv: shared(t, "another secret"), want: ErrUnauthenticated},
		{name: "one CA", client: mutual(t, mine, mine), srv: mutual(t, mine, mine)},
		{name: "client of another CA", client: mutual(t, theirs, mine), srv: mutual(t, mine, mine), want: ErrUnauthenticated},
		{name: "server of another CA", client: mutual(t, mine, mine), srv: mutual(t, theirs, mine), want: ErrUnauthenticated},
		{name: "secret against certificates", client: shared(t, secret), srv: mutual(t, mine, mine), want: ErrUnauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))) // certificates are of a real date
				nw := NewNetwork()
				a := newNode(t, nw, "a:1", tt.client, nil)
				newNode(t, nw, "b:1", tt.srv, echo)
				_, err := Call[point, point](t.Context(), a, "b:1", "swap", point{})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
	if _, err := SharedSecret("short"); !errors.Is(err, ErrWeakSecret) {
		t.Errorf("weak secret: %v", err)
	}
	if _, err := New(Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a node without credentials was made")
	}
}

type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func authority(t *testing.T) ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca{cert, key}
}

// mutual returns credentials with a certificate of by that trust trusted.
func mutual(t *testing.T, by, trusted ca) Credentials {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "node"},
		NotBefore: by.cert.NotBefore, NotAfter: by.cert.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted.cert)
	c, err := MutualTLS(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A stranger gets no byte beyond TLS's own, whatever it sends, and is hung up
// on in time.
func TestStrangerLearnsNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		said []byte
	}{
		{"nothing", nil},
		{"a hello without proof", append([]byte{0, 2, '{', '}'}, make([]byte, 32)...)},
		{"a request", encodeRequest(1, time.Second, "swap", []byte("{}"))},
		{"a huge hello", bytes.Repeat([]byte{0xff}, 8<<10)},
		{"HTTP", []byte("GET /nacos/v1/ns/instance/list?serviceName=a HTTP/1.1\r\nHost: a\r\n\r\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nw := NewNetwork()
				newNode(t, nw, "b:1", shared(t, secret), echo)
				nc, err := nw.Host("x:1").Dial(t.Context(), "b:1")
				if err != nil {
					t.Fatal(err)
				}
				cfg := baseTLS()
				cfg.InsecureSkipVerify = true
				tc := tls.Client(nc, cfg)
				if err := tc.Handshake(); err != nil {
					t.Fatal(err)
				}
				if _, err := tc.Write(tt.said); err != nil && !errors.Is(err, syscall.EPIPE) { // hung up on already
					t.Fatal(err)
				}
				began := time.Now()
				got, err := io.ReadAll(tc)
				if len(got) != 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.EPIPE) {
					t.Errorf("got %q, %v", got, err)
				}
				if time.Since(began) > handshakeTimeout {
					t.Errorf("hung up after %v", time.Since(began))
				}
				_ = nc.Close()
			})
		})
	}
}

// One who sits between two nodes with TLS sessions of its own to each cannot
// pass their proofs on.
func TestRelayIsNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), echo)
		l, err := nw.Host("m:1").Listen(t.Context(), "m:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		go func() {
			in, err := l.Accept()
			if err != nil {
				return
			}
			victim := tls.Server(in, shared(t, "anything goes").server)
			nc, err := nw.Host("m:1").Dial(t.Context(), "b:1")
			if err != nil {
				return
			}
			cfg := baseTLS()
			cfg.InsecureSkipVerify = true
			far := tls.Client(nc, cfg)
			go func() {
				_, _ = io.Copy(far, victim)
				_ = nc.Close()
			}()
			_, _ = io.Copy(victim, far)
			_ = in.Close()
		}()
		if _, err := Call[point, point](t.Context(), a, "m:1", "swap", point{}); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("through a relay: %v", err)
		}
	})
}
