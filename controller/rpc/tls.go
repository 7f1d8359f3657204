package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"

	"google.golang.org/grpc/credentials"
)

// errClientSide is what these credentials are not for.
var errClientSide = errors.New("these credentials are a server's")

// TLS returns the credentials of a server: the TLS of cfg, and with plain, beside
// it on the same port, clients that do without, as Nacos serves them. The first
// byte of a connection tells them apart.
func TLS(cfg *tls.Config, plain bool) credentials.TransportCredentials {
	cfg = cfg.Clone()
	cfg.NextProtos = []string{"h2"}
	return &serverTLS{cfg, plain}
}

type serverTLS struct {
	cfg   *tls.Config
	plain bool
}

const (
	// recordHandshake is the first byte of a TLS connection: RFC 8446 §5.1.
	recordHandshake = 0x16
	// recordHeader is how long the header of a record is, ibid.
	recordHeader = 5
)

// info is what calls see of a connection's security.
type info struct{ credentials.CommonAuthInfo }

// AuthType implements credentials.AuthInfo.
func (info) AuthType() string { return "pharos" }

// ServerHandshake implements credentials.TransportCredentials.
func (s *serverTLS) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	// More than the one byte that is looked at: middleware.Limit's connections take
	// their time over a read of one byte.
	first := make([]byte, recordHeader)
	n, err := c.Read(first)
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	c = &unread{Conn: c, first: first[:n]}
	if first[0] != recordHandshake {
		if !s.plain {
			return nil, nil, errors.Join(errors.New("a client speaks without TLS"), c.Close())
		}
		return c, info{credentials.CommonAuthInfo{SecurityLevel: credentials.NoSecurity}}, nil
	}
	t := tls.Server(c, s.cfg)
	ctx, cancel := context.WithTimeout(context.Background(), handshake)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	if p := t.ConnectionState().NegotiatedProtocol; p != "" && !slices.Contains(s.cfg.NextProtos, p) {
		return nil, nil, errors.Join(errors.New("a client does not speak HTTP/2"), c.Close())
	}
	return t, info{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
}

// ClientHandshake implements credentials.TransportCredentials.
func (*serverTLS) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errClientSide
}

// Info implements credentials.TransportCredentials.
func (*serverTLS) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone implements credentials.TransportCredentials.
func (s *serverTLS) Clone() credentials.TransportCredentials {
	return &serverTLS{s.cfg.Clone(), s.plain}
}

// OverrideServerName implements credentials.TransportCredentials.
func (*serverTLS) OverrideServerName(string) error { return errClientSide }

// unread is a connection of which the first bytes were read ahead.
type unread struct {
	net.Conn

	first []byte
}

// Read implements net.Conn.
func (u *unread) Read(b []byte) (int, error) {
	if len(u.first) > 0 && len(b) > 0 {
		n := copy(b, u.first)
		u.first = u.first[n:]
		return n, nil
	}
	return u.Conn.Read(b)
}
