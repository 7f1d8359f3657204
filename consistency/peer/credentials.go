package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// MinSecret is the least length of a shared secret, in bytes. Whoever answers
// on a member's address can try guesses offline, so a real one is long and
// random; this only refuses what is no secret at all.
const MinSecret = 8

// ErrWeakSecret is returned for a secret shorter than MinSecret.
var ErrWeakSecret = fmt.Errorf("cluster secret is shorter than %d bytes", MinSecret)

// Credentials are what lets two nodes trust each other. The zero value is not
// usable: use SharedSecret or MutualTLS.
type Credentials struct {
	server, client       *tls.Config
	fromClient, toClient []byte // keys of the two proofs
}

// SharedSecret makes nodes trust whoever knows secret. Certificates are made
// anew by each process and prove nothing; the proof of the secret is bound to
// the TLS session (see handshake), so it cannot be relayed.
func SharedSecret(secret string) (Credentials, error) {
	if len(secret) < MinSecret {
		return Credentials{}, ErrWeakSecret
	}
	cert, err := selfSigned()
	if err != nil {
		return Credentials{}, fmt.Errorf("peer certificate: %w", err)
	}
	c := Credentials{server: baseTLS(), client: baseTLS()}
	c.server.Certificates = []tls.Certificate{cert}
	c.client.InsecureSkipVerify = true // the handshake's proof takes the place of the certificate's
	return c, c.derive(secret)
}

// MutualTLS makes nodes trust certificates signed by ca, and nothing else. The
// host name is not checked: any node of the cluster may move.
func MutualTLS(cert tls.Certificate, ca *x509.CertPool) (Credentials, error) {
	if len(cert.Certificate) == 0 || ca == nil {
		return Credentials{}, errors.New("peer TLS needs a certificate and a CA")
	}
	c := Credentials{server: baseTLS(), client: baseTLS()}
	c.server.Certificates, c.client.Certificates = []tls.Certificate{cert}, []tls.Certificate{cert}
	c.server.ClientAuth, c.server.ClientCAs = tls.RequireAndVerifyClientCert, ca
	c.client.InsecureSkipVerify = true // VerifyConnection below does it, but for the host name
	c.client.VerifyConnection = func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{
			Roots:         ca,
			Intermediates: x509.NewCertPool(),
			KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		for _, i := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(i)
		}
		if _, err := s.PeerCertificates[0].Verify(o); err != nil {
			return wrap(ErrUnauthenticated, err)
		}
		return nil
	}
	return c, c.derive("certificates") // no secret: the certificates are the proof
}

func (c *Credentials) derive(secret string) (err error) {
	prk, err := hkdf.Extract(sha256.New, []byte(secret), []byte("pharos peer 1"))
	if err != nil {
		return err
	}
	if c.fromClient, err = hkdf.Expand(sha256.New, prk, "proof of the caller", sha256.Size); err != nil {
		return err
	}
	c.toClient, err = hkdf.Expand(sha256.New, prk, "proof of the callee", sha256.Size)
	return err
}

func (c *Credentials) usable() bool { return c.server != nil && c.client != nil }

func baseTLS() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13, // the exporter of 1.3 is bound to the whole handshake
		SessionTicketsDisabled: true,
		NextProtos:             []string{"pharos-peer"},
	}
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "pharos peer"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
