package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pharos-registry/pharos/service"
)

// The texts that clients know. All of them are sent with a 403.
const (
	msgUnknown     = "user not found!"
	msgInvalid     = "token invalid!"
	msgExpired     = "token expired!"
	msgAlgorithm   = "unsupported signature algorithm"
	msgSignature   = "Invalid signature"
	msgDenied      = "authorization failed!"
	maxTokenLength = 4096 // bytes; ours are below 300
)

// ErrWeakKey is returned for a signing key that is not Base64 or below 256 bits.
var ErrWeakKey = errors.New("the token secret must be Base64 of at least 32 bytes")

// Signer makes and checks the tokens of this cluster.
type Signer struct {
	key   []byte
	hmac  *jwt.SigningMethodHMAC
	valid time.Duration
}

// claims is the payload in the order in which Nacos writes it.
type claims struct {
	Subject string `json:"sub"`
	Expires int64  `json:"exp"` // unix seconds
}

// The rest of jwt.Claims: what Nacos's tokens do not have.

func (c claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.Expires, 0)), nil
}
func (claims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (claims) GetIssuer() (string, error)              { return "", nil }
func (c claims) GetSubject() (string, error)           { return c.Subject, nil }
func (claims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

// NewSigner returns the signer with a secret as the configuration has it, in
// Base64. Its length chooses the algorithm, as in Nacos 2.x: HS256 from 256
// bits, HS384 from 384, HS512 from 512.
func NewSigner(secret string, valid time.Duration) (*Signer, error) {
	key, err := decodeSecret(secret)
	if err != nil {
		return nil, err
	}
	s := &Signer{key: key, valid: valid}
	switch bits := len(key) * 8; {
	case bits < 256:
		return nil, fmt.Errorf("%w: it has %d bits", ErrWeakKey, bits)
	case bits < 384:
		s.hmac = jwt.SigningMethodHS256
	case bits < 512:
		s.hmac = jwt.SigningMethodHS384
	default:
		s.hmac = jwt.SigningMethodHS512
	}
	return s, nil
}

// decodeSecret is the lenient Base64 of Nacos: characters outside the alphabet
// are skipped at both ends, and of a last group that is not whole the bytes
// that it has are kept.
func decodeSecret(s string) ([]byte, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	s = strings.TrimFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
	if i := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }); i >= 0 {
		return nil, fmt.Errorf("%w: character %d is not of Base64", ErrWeakKey, i+1)
	}
	if len(s)%4 == 1 { // six bits are no byte
		s = s[:len(s)-1]
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// Sign returns a token of user that was issued at the moment at.
func (s *Signer) Sign(user string, at time.Time) (string, error) {
	t := jwt.NewWithClaims(s.hmac, claims{user, at.Add(s.valid).Unix()})
	t.Header = map[string]any{"alg": s.hmac.Alg()} // clients compare it: no typ
	return t.SignedString(s.key)
}

// Token is what a token says once its signature holds.
type Token struct {
	User    string
	Expires time.Time
	Issued  time.Time // by the validity that is set now: a token does not carry it
}

// header is the only form of header that is accepted, per algorithm.
func header(token string) *jwt.SigningMethodHMAC {
	head, _, _ := strings.Cut(token, ".")
	switch head {
	case "eyJhbGciOiJIUzI1NiJ9":
		return jwt.SigningMethodHS256
	case "eyJhbGciOiJIUzM4NCJ9":
		return jwt.SigningMethodHS384
	case "eyJhbGciOiJIUzUxMiJ9":
		return jwt.SigningMethodHS512
	default:
		return nil
	}
}

// Verify checks a token's form and signature. It does not look at the clock.
func (s *Signer) Verify(token string) (Token, error) {
	if len(token) > maxTokenLength || strings.Count(token, ".") != 2 {
		return Token{}, service.Errorf(service.Unauthorized, msgInvalid)
	}
	m := header(token)
	if m == nil {
		return Token{}, service.Errorf(service.Unauthorized, msgAlgorithm)
	}
	var c claims
	p := jwt.NewParser(jwt.WithValidMethods([]string{m.Alg()}), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())
	_, err := p.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return Token{}, service.Errorf(service.Unauthorized, msgSignature)
	case err != nil, c.Subject == "", c.Expires <= 0:
		return Token{}, service.Wrap(service.Unauthorized, err, msgInvalid)
	}
	exp := time.Unix(c.Expires, 0)
	return Token{User: c.Subject, Expires: exp, Issued: exp.Add(-s.valid)}, nil
}

// live reports whether a token may still be used: to the end of the second of
// its expiry.
func (t Token) live(now time.Time) bool { return t.Expires.Unix() >= now.Unix() }
