package raftlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// newLogger gives what Raft's library logs to our logger.
func newLogger(l *slog.Logger) hclog.Logger {
	h := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Info})
	h.RegisterSink(sink{l})
	return h
}

type sink struct{ l *slog.Logger }

// Accept implements hclog.SinkAdapter. What the library tells and warns of is its
// daily life (an election, a peer that does not answer), of which we say
// ourselves what an operator needs; its errors are our warnings.
func (s sink) Accept(_ string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	if level == hclog.Error && !daily(msg) {
		to = slog.LevelWarn
	}
	if ctx := context.Background(); s.l.Enabled(ctx, to) {
		s.l.Log(ctx, to, "raft", "event", msg, "details", pairs(args))
	}
}

// daily reports whether what the library calls an error is its daily life too: a
// peer that does not answer or left, and a follower that needs a snapshot.
func daily(msg string) bool {
	switch msg {
	case "failed to decode incoming command", "failed to get log", "failed to appendEntries to", "failed to heartbeat to",
		"failed to pipeline appendEntries", "failed to start pipeline replication to", "failed to make requestVote RPC", "failed to flush response",
		"peer has newer term, stopping replication":
		return true
	default:
		return false
	}
}

// pairs writes names and values as name=value.
func pairs(args []any) string {
	var b strings.Builder
	for i := 0; i+1 < len(args); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		v := args[i+1]
		if f, ok := v.(hclog.Format); ok && len(f) > 0 {
			v = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
		fmt.Fprintf(&b, "%v=%v", args[i], v)
	}
	return b.String()
}
