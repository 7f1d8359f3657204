package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/service/ops"
)

// cluster is what operators ask of a running cluster. It finds and convinces
// the nodes as a node with the same settings would.
func cluster(ctx context.Context, in invocation) (err error) {
	var words []string
	for len(in.args) > 0 && in.args[0] != "" && in.args[0][0] != '-' {
		words, in.args = append(words, in.args[0]), in.args[1:]
	}
	l, err := settings.Load(in.args, in.environment)
	if err != nil {
		return err
	}
	usage := errors.New("allowed is: pharos cluster status [flags], pharos cluster remove HOST:PORT [flags]")
	if len(words) == 0 {
		return usage
	}
	o, err := node.NewOperator(ctx, l.Settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	switch {
	case words[0] == "status" && len(words) == 1:
		all, err := o.Survey(ctx)
		if err != nil {
			return err
		}
		return table(in.stdout, all)
	case words[0] == "remove" && len(words) == 2:
		if err := o.Remove(ctx, words[1]); err != nil {
			return err
		}
		_, err = fmt.Fprintln(in.stdout, words[1]+" is no member any more")
		return err
	default:
		return usage
	}
}

// table shows the nodes, a line each.
func table(out io.Writer, all []ops.Node) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NODE\tADDRESS\tSTATE\tROLE\tTERM\tAPPLIED\tVERSION\t") // the error comes with Flush
	for i := range all {
		n := &all[i]
		id, state, role, term, applied, version := orDash(n.ID), orDash(n.State), orDash(n.Role), "-", "-", orDash(n.Version)
		if n.Err == nil {
			term, applied = strconv.FormatUint(n.Term, 10), strconv.FormatUint(n.Applied, 10)
		}
		why := n.Waits
		if n.Err != nil {
			why = "does not answer"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", id, n.Addr, state, role, term, applied, version, why)
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
