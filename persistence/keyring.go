package persistence

// keyring seals content at rest. A nil keyring stores content as it is.
type keyring struct{}

func (b *keyring) seal(_ ConfigKey, content string) (string, error) { return content, nil }

func (b *keyring) open(_ ConfigKey, stored string) (string, error) { return stored, nil }

func (t *txn) seal(k ConfigKey, content string) (string, error) { return t.box.seal(k, content) }

// Seal encodes op for a log that keeps it on disk: as Marshal does, and sealed
// when content is sealed at rest.
func (d *DB) Seal(op Op) ([]byte, error) { return Marshal(op) }

// Unseal decodes what Seal or Marshal wrote.
func (d *DB) Unseal(b []byte) (Op, error) { return Unmarshal(b) }
