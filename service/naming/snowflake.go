package naming

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// snowflakeEpoch is where Nacos counts the milliseconds of its ids from.
const snowflakeEpoch = 1533429240000

// lastID is the last snowflake id that this process gave out: ids only grow, so
// one counter serves all.
var lastID atomic.Int64 //nolint:gochecknoglobals // ids must be unique in the process, whoever asks

// nextID returns a number that this process has not returned before: the time in
// its upper bits, as Nacos makes it.
func nextID() int64 {
	for {
		last := lastID.Load()
		id := max((time.Now().UnixMilli()-snowflakeEpoch)<<22, last+1)
		if lastID.CompareAndSwap(last, id) {
			return id
		}
	}
}

// identify gives the instance the kind of id that its metadata asks for.
func (i *Instance) identify(k Key) error {
	g, ok := i.Metadata.Get(metaGenerator)
	switch {
	case !ok, g == "simple":
		i.kind = idSimple
	case g == "snowflake":
		i.kind = idSnowflake
		id := strconv.FormatInt(nextID(), 10) + "#" + i.Cluster + "#" + k.Grouped()
		i.id = &id
	default:
		return service.Errorf(service.Internal, "caused: The InstanceIdGenerator type is not found ;")
	}
	return nil
}
