// Package cmdb knows the labels of addresses, such as the zone of a machine,
// from a file or a URL that the operator names. Selectors compare them.
package cmdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// filePoll is how often a file is looked at, unless less often is asked for.
	filePoll = 2 * time.Second
	// fetchLimit is how long a URL may take to answer.
	fetchLimit = 10 * time.Second
)

// Options say where labels come from.
type Options struct {
	File     string        // "": none
	URL      string        // "": none; a File outranks it
	Interval time.Duration // how often a URL is asked, and at least how often a file is looked at
	Log      *slog.Logger
}

// Labels are the labels of addresses as they were read last. A text that cannot
// be read or has a mistake changes nothing.
type Labels struct {
	o      Options
	client *http.Client
	table  atomic.Pointer[Table]

	// What was read last; Run's alone.
	state os.FileInfo
	text  []byte
	said  string // the last complaint, not to be repeated
}

// New returns Labels that know nothing yet, or nil if the options name no
// source.
func New(o Options) *Labels {
	if o.File == "" && o.URL == "" {
		return nil
	}
	return &Labels{o: o, client: &http.Client{
		Timeout: fetchLimit,
		// The operator has named this URL, and no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Of returns the labels of an address, nil if it is not known. They are not the
// caller's to change. It is safe for use by several goroutines.
func (l *Labels) Of(address string) map[string]string {
	t := l.table.Load()
	if t == nil {
		return nil
	}
	if labels, ok := (*t)[address]; ok {
		return labels
	}
	if strings.IndexByte(address, ':') < 0 {
		return nil
	}
	return (*t)[canonical(address)]
}

// Run reads the labels, again and again, until ctx ends.
func (l *Labels) Run(ctx context.Context) error {
	interval := l.o.Interval
	if l.o.File != "" {
		interval = min(interval, filePoll)
	}
	tick := time.NewTicker(max(interval, time.Millisecond))
	defer tick.Stop()
	for {
		l.Read(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Read reads the labels once, and logs what is wrong with them. It must not be
// called by two goroutines at once.
func (l *Labels) Read(ctx context.Context) {
	read := l.fetch
	if l.o.File != "" {
		read = l.open
	}
	text, err := read(ctx)
	if err == nil && text != nil {
		err = l.take(text)
	}
	switch {
	case ctx.Err() != nil:
	case err == nil:
		l.said = ""
	case err.Error() != l.said:
		l.said = err.Error()
		l.o.Log.Warn("the labels of addresses cannot be read; what was read before stays", "error", err)
	}
}

// take makes a text the labels, unless it is the one that was read last.
func (l *Labels) take(text []byte) error {
	if bytes.Equal(text, l.text) && l.table.Load() != nil {
		return nil
	}
	t, err := Parse(text)
	if err != nil {
		return err
	}
	l.text = text
	l.table.Store(&t)
	l.o.Log.Info("labels of addresses read", "addresses", len(t))
	return nil
}

// open returns the text of the file, nil if the file has not changed.
func (l *Labels) open(context.Context) ([]byte, error) {
	f, err := os.Open(l.o.File)
	if err != nil {
		l.state = nil
		return nil, err
	}
	defer func() { _ = f.Close() }()
	state, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if old := l.state; old != nil && os.SameFile(old, state) && old.ModTime().Equal(state.ModTime()) && old.Size() == state.Size() {
		return nil, nil
	}
	text, err := readAll(f)
	if err == nil {
		l.state = state
	}
	return text, err
}

// fetch returns what the URL answers.
func (l *Labels) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.o.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the URL answered %d", resp.StatusCode)
	}
	return readAll(resp.Body)
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxSize:
		return nil, fmt.Errorf("labels: more than %d bytes", MaxSize)
	case len(text) == 0:
		return nil, errors.New("labels: the text is empty") // a file that is just being written
	default:
		return text, nil
	}
}
