package peer

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

const secret = "a secret of the cluster"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shared(tb testing.TB, s string) Credentials {
	tb.Helper()
	c, err := SharedSecret(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// newNode makes a node on net that setup prepares, and runs it.
func newNode(tb testing.TB, nw *Network, addr string, c Credentials, setup func(*Node)) *Node {
	tb.Helper()
	return newNodeOver(tb, nw.Host(addr), addr, c, setup)
}

func newNodeOver(tb testing.TB, over Transport, addr string, c Credentials, setup func(*Node)) *Node {
	tb.Helper()
	n, err := New(Options{
		Self: Ident{ID: "id-" + addr, Member: "member-" + addr}, Listen: addr, Credentials: c,
		Transport: over, Logger: slog.New(slog.DiscardHandler), MaxFrame: 4 << 20,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if setup != nil {
		setup(n)
	}
	if _, err := n.Listen(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(context.WithoutCancel(tb.Context())) }()
	tb.Cleanup(func() {
		_ = n.Close()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return n
}

type point struct{ X, Y int }

func echo(n *Node) {
	Handle(n, "swap", func(_ context.Context, p point) (point, error) { return point{p.Y, p.X}, nil })
	Handle(n, "raw", func(_ context.Context, b []byte) ([]byte, error) { return append([]byte("got "), b...), nil })
	Handle(n, "who", func(ctx context.Context, _ struct{}) (Ident, error) {
		id, _ := From(ctx)
		return id, nil
	})
	Handle(n, "code", func(_ context.Context, c Code) (bool, error) { return false, Errorf(c, "as asked") })
	Handle(n, "plain", func(context.Context, struct{}) (bool, error) { return false, errors.New("no code") })
	Handle(n, "hang", func(ctx context.Context, _ struct{}) (bool, error) {
		<-ctx.Done()
		return false, ctx.Err()
	})
	Handle(n, "big", func(_ context.Context, size int) ([]byte, error) { return make([]byte, size), nil })
}
