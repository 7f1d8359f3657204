package distro_test

import (
	"fmt"
	"testing"
)

// BenchmarkSync registers instances on one of three nodes and waits until the
// other two have them all.
func BenchmarkSync(b *testing.B) {
	l := newLab(b, 3)
	ids := make([]string, b.N)
	for i := range ids {
		ids[i] = fmt.Sprintf("10.%d.%d.%d:80", i>>16&255, i>>8&255, i&255)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, id := range ids {
		l.nodes[0].put(id, "an instance of about a hundred bytes, as most of them are when they have a little metadata", addr(0), false)
	}
	for _, n := range l.nodes[1:] {
		n.store.await(b.N)
	}
}
