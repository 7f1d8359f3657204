// Package persistence owns the database. Every write is an Op: a value that
// carries all it needs, clock and ids included, run in one transaction.
package persistence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Op is one write. Ops are data: whoever proposes one fixes clocks, ids and
// digests in it, so that running it on another node gives the same rows.
type Op interface {
	code() opCode
	// run makes the change. A Refusal is the op's own answer and leaves nothing
	// behind; any other error means that the database failed.
	run(tx *txn) (Result, error)
}

// Result is what an op that took effect has to say.
type Result struct {
	ID      int64       // the id of the row that was written, where the op makes one
	N       int64       // how many rows it touched, where that is of interest
	Created bool        // the row was not there before, where that is of interest
	Time    time.Time   // the time as the database keeps it: MySQL's columns of configs hold seconds
	Keys    []ConfigKey // the configs it touched, where the op does not say so itself

	// What a published config has now of what its op may leave as it was. It is for
	// those who observe, and does not travel.
	AppName string  `json:"-"`
	Tags    *string `json:"-"` // joined by commas; nil is none
}

// joinTags is what the tags of a request read as once they are stored.
func joinTags(tags *string) *string {
	items := splitTags(tags)
	if len(items) == 0 {
		return nil
	}
	s := strings.Join(items, ",")
	return &s
}

// Refusal is an op's own answer when it does not take effect: the database is
// as it was. The numbers travel between nodes and are only ever added.
type Refusal uint8 //nolint:errname // an answer first, an error second

// The refusals.
const (
	// ErrConflict is a precondition, such as a digest to compare, that does not hold.
	ErrConflict Refusal = 1
	// ErrNotFound is a row that is not there.
	ErrNotFound Refusal = 2
	// ErrExists is a row that is there already.
	ErrExists Refusal = 3
	// ErrValue is a value that its column cannot hold: too long, or of letters
	// that the character set lacks.
	ErrValue Refusal = 4
	// ErrUnsupported is a write that this database has no place for.
	ErrUnsupported Refusal = 5
	// ErrTooMany is one row more than the op allows.
	ErrTooMany Refusal = 6
)

// Error says what was refused.
func (r Refusal) Error() string {
	switch r {
	case ErrConflict:
		return "the precondition does not hold"
	case ErrNotFound:
		return "not found"
	case ErrExists:
		return "exists already"
	case ErrValue:
		return "a value does not fit its column"
	case ErrUnsupported:
		return "this database has no place for it"
	case ErrTooMany:
		return "too many"
	default:
		return fmt.Sprintf("refused (%d)", uint8(r))
	}
}

// LogVersion is what nodes tell each other of the ops they know. It goes up with
// each release that adds one; until all members have it, nobody proposes the new
// op, since a node that does not know an op in the log has to stop.
const LogVersion = 1

// since has the ops that came after the first version, each with its own: an op
// is added to decoders, to this table and to LogVersion at once.
var since = map[opCode]int{} //nolint:gochecknoglobals // a table

// Since is the LogVersion that first had op.
func Since(op Op) int { return sinceCode(op.code()) }

func sinceCode(c opCode) int {
	if v, ok := since[c]; ok {
		return v
	}
	return 1
}

// codeOf is the code of a marshaled op that this build knows.
func codeOf(b []byte) (opCode, error) {
	if len(b) < 2 {
		return 0, errors.New("short op")
	}
	c := opCode(b[0])<<8 | opCode(b[1])
	if decoders[c] == nil {
		return 0, fmt.Errorf("unknown op code %d", c)
	}
	return c, nil
}

type opCode uint16

// decoders is the table of all ops. Codes are written to the Raft log and are
// only ever added; each part of the product has a range of its own: naming from
// 100, config from 200, namespaces from 300, auth from 400.
var decoders = map[opCode]func([]byte) (Op, error){ //nolint:gochecknoglobals // a table
	opPutService:     decode[PutService],
	opRemoveService:  decode[RemoveService],
	opPutCluster:     decode[PutCluster],
	opPutInstance:    decode[PutInstance],
	opRemoveInstance: decode[RemoveInstance],
	opSetHealth:      decode[SetHealth],
	opPutOverlays:    decode[PutOverlays],
	opRemoveOverlays: decode[RemoveOverlays],
	opSetSwitch:      decode[SetSwitch],

	opPublishConfig:  decode[PublishConfig],
	opRemoveConfig:   decode[RemoveConfig],
	opRemoveConfigs:  decode[RemoveConfigs],
	opUpdateMetadata: decode[UpdateMetadata],
	opPublishGray:    decode[PublishGray],
	opRemoveGray:     decode[RemoveGray],
	opPurgeHistory:   decode[PurgeHistory],
	opEnsureCapacity: decode[EnsureCapacity],
	opUpdateCapacity: decode[UpdateCapacity],
	opCorrectUsage:   decode[CorrectUsage],
	opInitCapacity:   decode[InitCapacity],
	opMergeAggregate: decode[MergeAggregate],

	opCreateTenant: decode[CreateTenant],
	opUpdateTenant: decode[UpdateTenant],
	opRemoveTenant: decode[RemoveTenant],
	opPutPolicy:    decode[PutPolicy],

	opCreateUser:       decode[CreateUser],
	opUpdatePassword:   decode[UpdatePassword],
	opRemoveUser:       decode[RemoveUser],
	opAddRole:          decode[AddRole],
	opRemoveRole:       decode[RemoveRole],
	opAddPermission:    decode[AddPermission],
	opRemovePermission: decode[RemovePermission],
	opRevokeTokens:     decode[RevokeTokens],
	opEndSession:       decode[EndSession],
	opPutPreference:    decode[PutPreference],
}

// decode is the decoder of one type of op.
func decode[T Op](b []byte) (Op, error) {
	var o T
	err := json.Unmarshal(b, &o)
	return o, err
}

// Marshal encodes op as [code:2][json].
func Marshal(op Op) ([]byte, error) {
	b, err := json.Marshal(op)
	if err != nil {
		return nil, err
	}
	c := op.code()
	return append([]byte{byte(c >> 8), byte(c)}, b...), nil //nolint:gosec // the two halves of a number
}

// Unmarshal decodes what Marshal wrote.
func Unmarshal(b []byte) (Op, error) {
	c, err := codeOf(b)
	if err != nil {
		return nil, err
	}
	return decoders[c](b[2:])
}
