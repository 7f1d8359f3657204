package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/pharos-registry/pharos/cmd/logging"
	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
)

// rescue makes the node of the data directory a cluster of its own, after the
// majority was lost for good. Without --yes it says what it would do.
func rescue(ctx context.Context, in invocation) (err error) {
	args, yes, index, err := recoverFlags(in.args)
	if err != nil {
		return err
	}
	l, err := settings.Load(args, in.environment)
	if err != nil {
		return err
	}
	log, err := logging.Open(l.Settings.Log, in.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	r, err := node.NewRescue(ctx, l.Settings, log.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	found, err := r.Inspect()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(in.stdout, "this node is %s; the last entry of its log is %d, of term %d; members of the log:\n", r.ID(), found.LastIndex, found.LastTerm)
	for _, s := range found.Servers {
		state := "does not answer"
		switch {
		case s.ID == r.ID():
			state = "this node"
		case r.Answers(ctx, s.Addr):
			state = "answers"
		}
		_, _ = fmt.Fprintf(in.stdout, "  %s at %s: %s\n", s.ID, s.Addr, state)
	}
	last := strconv.FormatUint(found.LastIndex, 10)
	if !yes {
		_, err = fmt.Fprintln(in.stdout, "nothing was changed. Run this on every node that is left and choose the one with the highest last entry. There,\n"+
			"  pharos recover --yes --last-index "+last+" (and the flags of now)\n"+
			"makes that node the only voter of the cluster. Writes that only the lost nodes had are lost. Every other node has to be started\n"+
			"with an empty data directory before it may come back: one that comes with its old log could make a second cluster.")
		return err
	}
	if err := r.Run(ctx, index); err != nil {
		return err
	}
	_, err = fmt.Fprintln(in.stdout, "this node is the only voter now: start it, then the others, each with an empty data directory")
	return err
}

// recoverFlags takes the flags of this command off the arguments.
func recoverFlags(args []string) (rest []string, yes bool, index uint64, err error) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--yes" || a == "-yes":
			yes = true
		case (a == "--last-index" || a == "-last-index") && i+1 < len(args):
			i++
			if index, err = strconv.ParseUint(args[i], 10, 64); err != nil {
				return nil, false, 0, fmt.Errorf("--last-index %s: a whole number is needed, the one that \"pharos recover\" shows without --yes", args[i])
			}
		default:
			rest = append(rest, a)
		}
	}
	return rest, yes, index, nil
}
