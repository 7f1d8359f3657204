// Command bench measures a Pharos server from outside, beside a Gin server
// that parses nothing, which is the yardstick of the machine it runs on.
//
//	bench [flags] MEASURE...
//
// Absolute figures hold for one machine and hour; compare the ratios within one
// run. The server's own CPU time per request is the figure to trust most: it
// does not depend on how fast the load generator is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the program: where to measure and how long.
type bench struct {
	out     io.Writer
	pharos  string        // path of the binary
	base    string        // a server that runs already; "" starts a fresh one for each measure
	pid     int           // its process, for CPU and memory
	args    string        // further arguments of the server, by spaces
	only    string        // operations to measure, by commas; "" is all
	conns   int           // connections of the load generator
	seconds int           // length of one round of load
	rounds  int           // rounds of which the median counts
	n       int           // size of a fan-out; 0 is the measure's own
	wait    time.Duration // how long a fan-out is waited for
}

// measure is one thing that can be asked for on the command line.
type measure struct {
	name, about string
	run         func(*bench, context.Context) error
}

func measures() []measure {
	return []measure{
		{"start", "time until ready and memory after it, empty", (*bench).start},
		{"ops", "register, beat, list, publish, get and listen under load, beside the bare server", (*bench).ops},
		{"longpoll", "a publish until 2,000 parked long polls are answered", func(b *bench, ctx context.Context) error { return b.longPoll(ctx, 2000) }},
		{"listeners", "the same with 10,000", func(b *bench, ctx context.Context) error { return b.longPoll(ctx, 10000) }},
		{"parked", "memory of 5,000 parked long polls of three keys each", (*bench).parked},
		{"udp", "a change until 1,000 UDP subscribers are told", (*bench).udp},
		{"notice", "a change until one subscriber and one listener are told, as an SDK is", (*bench).notice},
		{"beats", "100,000 instances of 10,000 services that beat every 5 s: memory and CPU", (*bench).beats},
		{"cluster", "three nodes: publish and register against one and against all, and how soon the others list a new instance", (*bench).cluster},
		{"restart", "time until ready with 50,000 configs in the database", (*bench).restart},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "bare" {
		return bare(ctx, args[1])
	}
	b := &bench{out: os.Stdout}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&b.pharos, "pharos", "pharos", "path of the `binary`")
	f.StringVar(&b.base, "base", "", "`http://host:port` of a server that runs already")
	f.IntVar(&b.pid, "pid", 0, "its process `id`")
	f.StringVar(&b.args, "args", "", "further `arguments` of the server, by spaces")
	f.StringVar(&b.only, "ops", "", "`operations` that the measure ops drives, by commas; all if empty")
	f.IntVar(&b.conns, "conns", 64, "connections of the load generator")
	f.IntVar(&b.seconds, "seconds", 5, "length of one round of load")
	f.IntVar(&b.rounds, "rounds", 3, "rounds of which the median counts")
	f.IntVar(&b.n, "n", 0, "size of a fan-out; 0 is the measure's own")
	f.DurationVar(&b.wait, "wait", 20*time.Second, "how long a fan-out is waited for")
	f.Usage = func() { usage(f) }
	if err := f.Parse(args); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	if f.NArg() == 0 {
		usage(f)
		return nil
	}
	return b.all(ctx, f.Args())
}

// all runs the named measures; one that fails does not keep the others back.
func (b *bench) all(ctx context.Context, names []string) error {
	var errs []error
	for _, name := range names {
		found := false
		for _, m := range measures() {
			if m.name != name && name != "all" {
				continue
			}
			found = true
			if err := m.run(b, ctx); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("ended: %w", err)
			}
		}
		if !found {
			return fmt.Errorf("no measure is called %q", name)
		}
	}
	return errors.Join(errs...)
}

func usage(f *flag.FlagSet) {
	var b strings.Builder
	b.WriteString("bench [flags] MEASURE...\n\n")
	for _, m := range measures() {
		fmt.Fprintf(&b, "  %-10s %s\n", m.name, m.about)
	}
	b.WriteString("  all        each of them\n  bare ADDR  serve the yardstick\n\n")
	_, _ = fmt.Fprint(f.Output(), b.String())
	f.PrintDefaults()
}

// printf writes a line of the report.
func (b *bench) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(b.out, format+"\n", args...)
}

// size is the fan-out's size: what the command line says, else the measure's own.
func (b *bench) size(own int) int {
	if b.n > 0 {
		return b.n
	}
	return own
}
