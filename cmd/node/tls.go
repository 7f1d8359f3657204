package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
)

const (
	// certChecked is how often the files of the certificate are looked at: a
	// renewed one counts without a restart.
	certChecked = 10 * time.Second
	// certValid is how long a certificate made here is valid. It is made anew in
	// its last month.
	certValid = 398 * 24 * time.Hour
	certRenew = 30 * 24 * time.Hour
)

// certificate is the server's own, read again when its files change.
type certificate struct {
	certFile, keyFile string
	own               func() error // makes the files anew when their time is near; nil: they are the operator's
	log               *slog.Logger
	now               atomic.Pointer[tls.Certificate]
	read              time.Time // the newer modification time of the two files
}

// openTLS makes the TLS settings of the listeners that have TLS, and adds the loop
// that follows the files.
func (n *Node) openTLS() error {
	t := n.set.TLS
	if !t.Enabled && !t.GRPC {
		return nil
	}
	if t.KeyPass != "" {
		return errors.New("certPrivateKeyPassword: keys with a password are not read; take it off with openssl pkey and keep the file readable for this user alone")
	}
	c := &certificate{certFile: t.CertFile, keyFile: t.KeyFile, log: n.log}
	if t.CertFile == "" {
		c.certFile, c.keyFile = filepath.Join(n.set.Data.Dir, "secrets", "tls.crt"), filepath.Join(n.set.Data.Dir, "secrets", "tls.key")
		c.own = func() error { return ownCertificate(c.certFile, c.keyFile, n.self, time.Now()) }
		if err := c.own(); err != nil {
			return fmt.Errorf("no certificate can be made: %w", err)
		}
	}
	if err := c.load(); err != nil {
		return fmt.Errorf("pharos.tls.cert and pharos.tls.key: %w", err)
	}
	n.loops = append(n.loops, c.follow)
	n.rpcTLS = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	}
	if t.Enabled {
		n.tls = n.rpcTLS
	}
	return clientCertificates(n.rpcTLS, t)
}

// clientCertificates has clients asked for certificates, where that is set.
func clientCertificates(cfg *tls.Config, t settings.TLS) error {
	if t.ClientCA == "" {
		if t.ClientCert {
			return errors.New("pharos.tls.client-cert needs pharos.tls.client-ca: the authorities whose certificates clients show")
		}
		return nil
	}
	b, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return fmt.Errorf("pharos.tls.client-ca: %w", err)
	}
	cfg.ClientCAs = x509.NewCertPool()
	if !cfg.ClientCAs.AppendCertsFromPEM(b) {
		return fmt.Errorf("pharos.tls.client-ca: no certificate in %s", t.ClientCA)
	}
	cfg.ClientAuth = tls.VerifyClientCertIfGiven
	if t.ClientCert {
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return nil
}

func (c *certificate) load() error {
	at, err := c.changed()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.now.Store(&pair)
	c.read = at
	return nil
}

// changed returns the newer modification time of the two files.
func (c *certificate) changed() (at time.Time, err error) {
	for _, f := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(f)
		if err != nil {
			return at, err
		}
		if info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at, nil
}

// follow reads the files again when they change, until ctx ends. While they do
// not belong together the certificate before them stays.
func (c *certificate) follow(ctx context.Context) error {
	tick := time.NewTicker(certChecked)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if leaf := c.now.Load().Leaf; c.own != nil && leaf != nil && time.Now().Add(certRenew).After(leaf.NotAfter) {
			if err := c.own(); err != nil {
				c.log.Error("the certificate ends soon and none can be made", "error", err)
			}
		}
		at, err := c.changed()
		if err == nil && at.Equal(c.read) {
			continue
		}
		if err == nil {
			err = c.load()
		}
		if err != nil {
			c.log.Warn("the certificate cannot be read again, the one before it stays", "error", err)
			continue
		}
		c.log.Info("the certificate was read again", "file", c.certFile)
	}
}

// ownCertificate makes a self-signed certificate for the names of this machine,
// where there is none that is good for a while.
func ownCertificate(certFile, keyFile, self string, now time.Time) error {
	old, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && old.Leaf != nil && now.Add(certRenew).Before(old.Leaf.NotAfter) {
		return nil
	}
	if err != nil && errors.Is(err, fs.ErrPermission) {
		return err
	} // else there is none, or a crash between the two files has left halves
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	names, ips := []string{"localhost", host}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if ip := net.ParseIP(self); ip != nil {
		ips = append(ips, ip)
	} else if self != host {
		names = append(names, self)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host, Organization: []string{"Pharos"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certValid),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: names, IPAddresses: ips,
		BasicConstraintsValid: true, IsCA: true, // so that clients can be told to trust this very file
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(filepath.Dir(certFile), 0o700),
		replace(keyFile, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		replace(certFile, &pem.Block{Type: "CERTIFICATE", Bytes: der}),
	)
}

// replace writes a file for its owner alone, whole or not at all.
func replace(path string, b *pem.Block) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, pem.EncodeToMemory(b), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
