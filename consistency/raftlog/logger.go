package raftlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// newLogger gives what Raft's library logs to our logger.
func newLogger(l *slog.Logger) hclog.Logger {
	h := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Info})
	h.RegisterSink(sink{l})
	return h
}

type sink struct{ l *slog.Logger }

// Accept implements hclog.SinkAdapter. The library's warnings are its daily
// life (an election, a peer that does not answer); its errors are our warnings.
func (s sink) Accept(_ string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	switch level {
	case hclog.Error:
		to = slog.LevelWarn
	case hclog.Warn, hclog.Info:
		to = slog.LevelInfo
	case hclog.NoLevel, hclog.Trace, hclog.Debug, hclog.Off:
	}
	if ctx := context.Background(); s.l.Enabled(ctx, to) {
		s.l.Log(ctx, to, "raft", "event", msg, "details", fmt.Sprint(args...))
	}
}
