package persistence

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Content at rest can be sealed with a key of the operator's: each text has a
// data key of its own, which the operator's key wraps and which stands beside
// the text. What is stored is
//
//	pharos:sealed:v1:<id of the key>:<data key, wrapped>:<text, sealed>
//
// with the last two in base64. Both are AES-256-GCM, bound to the config's name.

// sealedPrefix begins a sealed text.
const sealedPrefix = "pharos:sealed:v1:"

// maxKeyID bounds the id of a key, in letters.
const maxKeyID = 64

// Key is one key of the operator's.
type Key struct {
	ID     string // letters, digits, "-" and "_"
	Secret []byte // 32 bytes
}

// KeyOf is a key whose id is made of its digest: settings that have no ids are
// then unequivocal all the same.
func KeyOf(secret []byte) Key {
	sum := sha256.Sum256(append([]byte("pharos key id\x00"), secret...))
	return Key{ID: hex.EncodeToString(sum[:6]), Secret: secret}
}

// Keyring holds the operator's keys: the first one seals, all of them open. To
// replace a key put the new one before it, and take the old one out when Reseal
// has gone over all rows. A nil Keyring leaves content as it is.
type Keyring struct {
	first string
	keys  map[string]cipher.AEAD
	plain bool
}

// NewKeyring checks the keys and makes a ring of them; nil of none. With plain
// set nothing new is sealed, and the keys open what is: the way back.
func NewKeyring(keys []Key, plain bool) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, nil //nolint:nilnil // a nil ring is the one that does nothing
	}
	b := &Keyring{first: keys[0].ID, keys: map[string]cipher.AEAD{}, plain: plain}
	for _, k := range keys {
		if k.ID == "" || len(k.ID) > maxKeyID || strings.Trim(k.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return nil, fmt.Errorf("the id of a key at rest is %q: up to %d letters, digits, - and _ are allowed", clip(k.ID), maxKeyID)
		}
		if len(k.Secret) != 32 {
			return nil, fmt.Errorf("the key at rest %q has %d bytes: 32 are needed", k.ID, len(k.Secret))
		}
		if b.keys[k.ID] != nil {
			return nil, fmt.Errorf("two keys at rest have the id %q", k.ID)
		}
		var err error
		if b.keys[k.ID], err = gcm(k.Secret); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bound is what a sealed text is bound to.
func (k ConfigKey) bound() []byte { return []byte(k.Tenant + "\x00" + k.Group + "\x00" + k.DataID) }

func (b *Keyring) seal(k ConfigKey, content string) (string, error) {
	if b == nil || b.plain {
		if strings.HasPrefix(content, sealedPrefix) {
			// It would read as sealed on the day there is a key.
			return "", fmt.Errorf("%w: the content begins as sealed contents do", ErrValue)
		}
		return content, nil
	}
	return b.sealBytes(k.bound(), []byte(content))
}

func (b *Keyring) sealBytes(bound, content []byte) (string, error) {
	dataKey := make([]byte, 32)
	rand.Read(dataKey) // never fails
	box, err := gcm(dataKey)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return sealedPrefix + b.first + ":" + enc.EncodeToString(b.keys[b.first].Seal(nil, nil, dataKey, bound)) + //nolint:gosec // these ciphers make their nonces themselves
		":" + enc.EncodeToString(box.Seal(nil, nil, content, bound)), nil //nolint:gosec // as above
}

var (
	errNoKey   = errors.New("it is sealed with a key that was not given")
	errTamper  = errors.New("it was sealed for another config or is damaged")
	errGarbled = errors.New("it begins as sealed contents do and goes on otherwise")
)

// open gives what was sealed. A nil ring opens what is not.
func (b *Keyring) open(k ConfigKey, stored string) (string, error) {
	rest, ok := strings.CutPrefix(stored, sealedPrefix)
	if !ok {
		return stored, nil
	}
	text, err := b.openBytes(k.bound(), rest)
	return string(text), err
}

func (b *Keyring) openBytes(bound []byte, rest string) ([]byte, error) {
	parts := strings.Split(rest, ":")
	if len(parts) != 3 {
		return nil, errGarbled
	}
	if b == nil || b.keys[parts[0]] == nil {
		return nil, fmt.Errorf("%w: %q", errNoKey, clip(parts[0]))
	}
	wrapped, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errGarbled
	}
	sealed, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, errGarbled
	}
	dataKey, err := b.keys[parts[0]].Open(nil, nil, wrapped, bound)
	if err != nil {
		return nil, errTamper
	}
	box, err := gcm(dataKey)
	if err != nil {
		return nil, errTamper
	}
	text, err := box.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, errTamper
	}
	return text, nil
}

// reseal gives a stored text as the ring would store it now: its data key
// wrapped by the first key, the text itself untouched; sealed or opened where
// that changed. same says that it is so already.
func (b *Keyring) reseal(k ConfigKey, stored string) (now string, same bool, err error) {
	rest, ok := strings.CutPrefix(stored, sealedPrefix)
	if !ok {
		if b == nil || b.plain {
			return stored, true, nil
		}
		now, err = b.seal(k, stored)
		return now, false, err
	}
	parts := strings.Split(rest, ":")
	switch {
	case len(parts) != 3:
		return stored, true, errGarbled
	case b == nil || b.keys[parts[0]] == nil:
		return stored, true, fmt.Errorf("%w: %q", errNoKey, clip(parts[0]))
	case b.plain:
		now, err = b.open(k, stored)
		return now, false, err
	case parts[0] == b.first:
		return stored, true, nil
	}
	wrapped, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		return stored, true, errGarbled
	}
	dataKey, err := b.keys[parts[0]].Open(nil, nil, wrapped, k.bound())
	if err != nil {
		return stored, true, errTamper
	}
	wrapped = b.keys[b.first].Seal(nil, nil, dataKey, k.bound()) //nolint:gosec // the cipher makes its nonce itself
	return sealedPrefix + b.first + ":" + base64.RawStdEncoding.EncodeToString(wrapped) + ":" + parts[2], false, nil
}

func (t *txn) seal(k ConfigKey, content string) (string, error) { return t.box.seal(k, content) }

// sealedOp is the code of an op that is sealed as a whole, in a log on disk.
const sealedOp opCode = 1

// Seal encodes op for a log that keeps it on disk: as Marshal does, and sealed
// when content is sealed at rest.
func (d *DB) Seal(op Op) ([]byte, error) {
	b, err := Marshal(op)
	if err != nil || d.box == nil || d.box.plain {
		return b, err
	}
	s, err := d.box.sealBytes([]byte("log"), b)
	return append([]byte{byte(sealedOp >> 8), byte(sealedOp)}, s...), err
}

// Unseal decodes what Seal or Marshal wrote.
func (d *DB) Unseal(b []byte) (Op, error) {
	plain, err := d.unsealed(b)
	if err != nil {
		return nil, err
	}
	return Unmarshal(plain)
}

// SinceSealed is Since of what Seal or Marshal wrote. An op that this build does
// not know, or cannot read, is an error.
func (d *DB) SinceSealed(b []byte) (int, error) {
	plain, err := d.unsealed(b)
	if err != nil {
		return 0, err
	}
	c, err := codeOf(plain)
	if err != nil {
		return 0, err
	}
	return sinceCode(c), nil
}

// unsealed is what Marshal wrote.
func (d *DB) unsealed(b []byte) ([]byte, error) {
	if len(b) < 2 || opCode(b[0])<<8|opCode(b[1]) != sealedOp {
		return b, nil
	}
	rest, ok := strings.CutPrefix(string(b[2:]), sealedPrefix)
	if !ok {
		return nil, errGarbled
	}
	return d.box.openBytes([]byte("log"), rest)
}
