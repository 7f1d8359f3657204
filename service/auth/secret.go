package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// secretBytes is the length of a secret that is made here: enough for HS512.
const secretBytes = 64

// ErrKnownSecret is returned for a secret that was published as a default.
var ErrKnownSecret = errors.New("this secret is publicly known")

// knownSecrets are the token secrets that were shipped or documented with
// Nacos: whoever reads can sign tokens with them.
func knownSecrets() []string {
	return []string{
		"SecretKey012345678901234567890123456789012345678901234567890123456789",
		"SecretKey01234567890123456789012345345678999987654901234567890123456789",
		"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=",
		"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODk=",
		"U2VjcmV0S2V5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5",
	}
}

// knownIdentities are the server identities, key and value, that were shipped
// or documented.
func knownIdentities() [][2]string {
	return [][2]string{
		{"serverIdentity", "security"},
		{"nacos", "nacos"},
		{"example", "example"},
		{"test", "test"},
		{"nacosAuthKey", "nacosSecurtyValue"},
		{"authKey", "nacosSecurty"},
		{"key", "value"},
	}
}

// placeholders are what documents write where a secret is to stand.
func placeholders() []string {
	return []string{
		"changeit", "changeme", "change-me", "password", "12345678", "123456789", "1234567890", "nacosnacos", "nacos-secret",
		"pharos-secret", "pharos-cluster-secret", "cluster-secret", "mysecret", "my-secret", "your-secret", "secretkey", "secret-key",
	}
}

// CheckClusterSecret refuses a secret of nodes that is publicly known: one that
// was shipped or documented, for whatever purpose.
func CheckClusterSecret(secret string) error {
	known := append(knownSecrets(), placeholders()...)
	for _, k := range knownIdentities() {
		known = append(known, k[1])
	}
	for _, k := range known {
		if strings.EqualFold(secret, k) {
			return ErrKnownSecret
		}
	}
	return nil
}

// CheckSecret refuses a token secret that is no Base64, or publicly known.
func CheckSecret(secret string) error {
	key, err := decodeSecret(secret)
	if err != nil {
		return fmt.Errorf("nacos.core.auth.plugin.nacos.token.secret.key: %w; leave it empty to have one made", err)
	}
	for _, k := range knownSecrets() {
		if known, err := decodeSecret(k); err == nil && slices.Equal(known, key) {
			return fmt.Errorf("nacos.core.auth.plugin.nacos.token.secret.key: %w; leave it empty to have one made, or set the output of: openssl rand -base64 64", ErrKnownSecret)
		}
	}
	return nil
}

// CheckIdentity refuses a server identity that is publicly known, or a half one.
func CheckIdentity(key, value string) error {
	for _, k := range knownIdentities() {
		if strings.EqualFold(key, k[0]) && value == k[1] {
			return fmt.Errorf("nacos.core.auth.server.identity: %w; leave both keys empty, or set a value of your own", ErrKnownSecret)
		}
	}
	if (key == "") != (value == "") {
		return errors.New("nacos.core.auth.server.identity.key and .value belong together: set both or none")
	}
	return nil
}

// DerivedSecret is the token secret of a cluster whose nodes share a secret: they
// sign with one key without having been given one (HKDF, RFC 5869).
func DerivedSecret(cluster string) (string, error) {
	key, err := hkdf.Key(sha256.New, []byte(cluster), nil, "pharos token key 1", secretBytes)
	return base64.StdEncoding.EncodeToString(key), err
}

// SecretFile returns the secret in a file of the data directory, which is made,
// with a random one and for its owner alone, where it does not exist.
func SecretFile(path string) (string, error) {
	b, err := os.ReadFile(path) //nolint:gosec // in the data directory, which is a setting
	if err == nil {
		return strings.TrimSpace(string(b)), closed(path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	s := base64.StdEncoding.EncodeToString(raw)
	// The file appears whole or not at all, and two starts at once agree on one.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.WriteString(s + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", err
	}
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return SecretFile(path)
	} else if err != nil {
		return "", err
	}
	return s, nil
}

// closed takes away what others may do with a file, where that is anything.
func closed(path string) error {
	const owner = 0o600
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^owner == 0 {
		return err
	}
	return os.Chmod(path, owner)
}

// generatedLength is that of a password made here, in characters. Nacos makes
// eight, which is few.
const generatedLength = 16

// randomPassword has one character at least of each kind, as Nacos's have.
func randomPassword() string {
	kinds := []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!@#$%&"}
	all := strings.Join(kinds, "")
	b := make([]byte, 0, generatedLength)
	for _, k := range kinds {
		b = append(b, k[below(len(k))])
	}
	for len(b) < cap(b) {
		b = append(b, all[below(len(all))])
	}
	for i := len(b) - 1; i > 0; i-- {
		j := below(i + 1)
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// OneTimeCode is what the log shows at first start: about 59 bits, in a form that is
// easy to type.
func OneTimeCode() string {
	const digits = "abcdefghjkmnpqrstuvwxyz23456789"
	b := make([]byte, 12)
	for i := range b {
		b[i] = digits[below(len(digits))]
	}
	return string(b[:4]) + "-" + string(b[4:8]) + "-" + string(b[8:])
}

func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil { // crypto/rand does not fail
		return 0
	}
	return int(i.Int64())
}
