package peer

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Protocol versions this build speaks. Both ends take the highest that both
// know, so nodes of two releases work together during an upgrade.
const (
	minVersion = 1
	maxVersion = 1
)

const (
	handshakeTimeout = 5 * time.Second
	maxHello         = 4 << 10 // bytes
	exporterLabel    = "EXPORTER-pharos-peer"
)

// Ident names a node as it names itself. It is believed, because the node
// proved that it belongs to the cluster.
type Ident struct {
	ID     string `json:"id"`     // stable over restarts and moves
	Member string `json:"member"` // the address members know it by, ip:port of its HTTP
}

// clientHello is the first thing said, after TLS.
type clientHello struct {
	Ident

	Min     int    `json:"min"`
	Max     int    `json:"max"`
	Purpose string `json:"purpose"` // purposeCalls or a stream's name
}

// serverHello answers it. Code is zero when the connection may be used.
type serverHello struct {
	Ident

	Version int    `json:"version"`
	Code    Code   `json:"code,omitempty"`
	Msg     string `json:"msg,omitempty"`
}

// secureConn is a connection both ends of which proved who they are.
type secureConn struct {
	*tls.Conn

	remote  Ident
	purpose string
	dialed  bool
}

// Close closes the connection at once. TLS would try to say so to a peer that
// may not be there, and no byte of ours ends with the connection. What a caller
// that gave up has sent and the network has not delivered is taken back: else a
// write would be made when the network heals, long after its failure was
// answered, and perhaps after the opposite one.
func (c *secureConn) Close() error {
	nc := c.NetConn()
	if l, ok := nc.(interface{ SetLinger(sec int) error }); ok && c.dialed {
		_ = l.SetLinger(0)
	}
	return nc.Close()
}

// proof is what only a holder of the key can say about this TLS session. The
// exporter differs for every session, so a proof relayed by one who sits
// between two sessions is worthless; the keys differ by direction, so it
// cannot be reflected either.
func proof(key []byte, c *tls.Conn, said ...[]byte) ([]byte, error) {
	state := c.ConnectionState()
	ekm, err := state.ExportKeyingMaterial(exporterLabel, nil, sha256.Size)
	if err != nil {
		return nil, err
	}
	m := hmac.New(sha256.New, key)
	m.Write(ekm)
	for _, s := range said {
		m.Write(s)
	}
	return m.Sum(nil), nil
}

// clientHandshake makes nc a secure connection for one purpose.
func clientHandshake(ctx context.Context, nc net.Conn, cred Credentials, self Ident, purpose string) (*secureConn, error) {
	tc := tls.Client(nc, cred.client)
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	if err := tc.HandshakeContext(ctx); err != nil {
		if errors.Is(err, ErrUnauthenticated) { // what MutualTLS makes of a certificate
			return nil, err
		}
		return nil, wrap(ErrUnreachable, err)
	}
	hello, err := json.Marshal(clientHello{Ident: self, Min: minVersion, Max: maxVersion, Purpose: purpose})
	if err != nil {
		return nil, err
	}
	mac, err := proof(cred.fromClient, tc, hello)
	if err != nil {
		return nil, err
	}
	if err := writeHello(tc, hello, mac); err != nil {
		return nil, handshakeFailed(err)
	}
	answer, theirs, err := readHello(tc)
	if err != nil {
		return nil, handshakeFailed(err)
	}
	want, err := proof(cred.toClient, tc, mac, answer)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(want, theirs) {
		return nil, ErrUnauthenticated
	}
	var h serverHello
	if err := json.Unmarshal(answer, &h); err != nil {
		return nil, wrap(ErrIncompatible, err)
	}
	if h.Code != 0 {
		return nil, &Error{Code: h.Code, Msg: h.Msg}
	}
	return &secureConn{Conn: tc, remote: h.Ident, purpose: purpose, dialed: true}, nil
}

// handshakeFailed tells a peer that hung up on us after TLS, as one does that
// does not share the secret or our CA, from one that went silent.
func handshakeFailed(err error) error {
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() || errors.Is(err, net.ErrClosed) {
		return wrap(ErrUnreachable, err)
	}
	return wrap(ErrUnauthenticated, err)
}

// serverHandshake accepts nc, or returns an error and has said nothing that a
// stranger could learn from. refuse decides about an authenticated hello.
func serverHandshake(ctx context.Context, nc net.Conn, cred Credentials, self Ident, refuse func(purpose string) *Error) (*secureConn, error) {
	tc := tls.Server(nc, cred.server)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, wrap(ErrUnauthenticated, err)
	}
	hello, theirs, err := readHello(tc)
	if err != nil {
		return nil, wrap(ErrUnauthenticated, err)
	}
	want, err := proof(cred.fromClient, tc, hello)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(want, theirs) {
		return nil, ErrUnauthenticated
	}
	var h clientHello
	if err := json.Unmarshal(hello, &h); err != nil {
		return nil, wrap(ErrIncompatible, err)
	}
	out := serverHello{Ident: self, Version: min(maxVersion, h.Max)}
	var refused *Error
	if out.Version < max(minVersion, h.Min) {
		refused = Errorf(Incompatible, "peer speaks versions %d to %d, this node %d to %d", h.Min, h.Max, minVersion, maxVersion)
	} else {
		refused = refuse(h.Purpose)
	}
	if refused != nil {
		out.Code, out.Msg = refused.Code, refused.Msg
	}
	answer, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	mac, err := proof(cred.toClient, tc, theirs, answer)
	if err != nil {
		return nil, err
	}
	if err := writeHello(tc, answer, mac); err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	return &secureConn{Conn: tc, remote: h.Ident, purpose: h.Purpose}, nil
}

// writeHello writes [length:2][hello][proof].
func writeHello(w io.Writer, hello, mac []byte) error {
	if len(hello) > maxHello {
		return fmt.Errorf("hello of %d bytes", len(hello))
	}
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(hello)+len(mac)), uint16(len(hello))) //nolint:gosec // bounded above
	b = append(b, hello...)
	_, err := w.Write(append(b, mac...))
	return err
}

// readHello reads what writeHello wrote. The hello is not parsed: nothing of a
// stranger is.
func readHello(r io.Reader) (hello, mac []byte, err error) {
	var n [2]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, nil, err
	}
	size := int(binary.BigEndian.Uint16(n[:]))
	if size > maxHello {
		return nil, nil, fmt.Errorf("hello of %d bytes", size)
	}
	b := make([]byte, size+sha256.Size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, nil, err
	}
	return b[:size], b[size:], nil
}
