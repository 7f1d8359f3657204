package ops

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// Load is how busy one node is.
type Load struct {
	Connections int    // all long connections
	SDK         int    // those of SDKs
	Average     string // load average of the last minute
	CPU         string // share of the processors in use since the last time it was asked, from 0 to 1
}

// Load measures this node.
func (s *Service) Load() Load {
	l := Load{Average: "0.0", CPU: "0.0"}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil { // Linux only; elsewhere it is not known
		if f, _, ok := strings.Cut(string(b), " "); ok {
			l.Average = f
		}
	}
	if b, err := os.ReadFile("/proc/stat"); err == nil {
		l.CPU = strconv.FormatFloat(s.cpu.share(string(b)), 'f', -1, 64)
	}
	return l
}

// cpuMeter turns the counters of /proc/stat into a share.
type cpuMeter struct {
	mu          sync.Mutex // guards the following fields
	busy, total uint64
}

// share returns the part of the time since the last call that the processors
// were busy. The first line of stat is "cpu", then the ticks spent in user,
// nice, system, idle, iowait, irq, softirq and steal (proc(5)).
func (m *cpuMeter) share(stat string) float64 {
	line, _, _ := strings.Cut(stat, "\n")
	var busy, total uint64
	for i, f := range strings.Fields(line) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil || i > 8 { // the name of the line, and guest time, which user time holds already
			continue
		}
		total += n
		if i != 4 && i != 5 { // idle and iowait
			busy += n
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	db, dt := busy-m.busy, total-m.total
	m.busy, m.total = busy, total
	if dt == 0 || total < dt {
		return 0
	}
	return float64(db) / float64(dt)
}

// Memory is the part of the machine's memory that is in use, from 0 to 1; 0
// where it is not known.
func (s *Service) Memory() float64 {
	b, err := os.ReadFile("/proc/meminfo") // Linux only
	if err != nil {
		return 0
	}
	var total, free float64
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, err := strconv.ParseFloat(f[1], 64)
		switch {
		case err != nil:
		case f[0] == "MemTotal:":
			total = n
		case f[0] == "MemAvailable:":
			free = n
		}
	}
	if total == 0 {
		return 0
	}
	return (total - free) / total
}
