package naming

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// The parts of a snowflake id as Nacos makes it, from the left: milliseconds,
// the worker, and a number within the millisecond.
const (
	snowflakeEpoch = 1533429240000 // unix ms from which it counts
	workerBits     = 10
	sequenceBits   = 12
)

// MaxWorker is the largest worker part of an id.
const MaxWorker = 1<<workerBits - 1

// snowflakes gives out numbers that no other worker gives out, and each once.
type snowflakes struct {
	worker int64
	last   atomic.Int64 // milliseconds and number of the last one: they only grow
}

func (s *snowflakes) next() int64 {
	for {
		last := s.last.Load()
		at := max((time.Now().UnixMilli()-snowflakeEpoch)<<sequenceBits, last+1)
		if s.last.CompareAndSwap(last, at) {
			ms, n := at>>sequenceBits, at&(1<<sequenceBits-1)
			return ms<<(workerBits+sequenceBits) | s.worker<<sequenceBits | n
		}
	}
}

// identify gives the instance the kind of id that its metadata asks for.
func (i *Instance) identify(k Key, ids *snowflakes) error {
	g, ok := i.Metadata.Get(metaGenerator)
	switch {
	case !ok, g == "simple":
		i.kind = idSimple
	case g == "snowflake":
		i.kind = idSnowflake
		id := strconv.FormatInt(ids.next(), 10) + "#" + i.Cluster + "#" + k.Grouped()
		i.id = &id
	default:
		return service.Errorf(service.Internal, "caused: The InstanceIdGenerator type is not found ;")
	}
	return nil
}
