package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// exactHeaders are compared as they are where the reference sent them.
//
//nolint:gochecknoglobals // a table
var exactHeaders = []string{"content-md5", "config-type"}

// keptHeaders are those of an answer that are looked at.
//
//nolint:gochecknoglobals // a table
var keptHeaders = append(slices.Clone(exactHeaders), "content-type")

// Compare lists how an answer differs from the one of the reference: status,
// content type without its parameters, the exact headers, then the body.
func Compare(s *Step, got *Answer) []string {
	want := &s.Answer
	var out []string
	if want.Status != got.Status {
		out = append(out, fmt.Sprintf("status %d, reference %d", got.Status, want.Status))
	}
	if a, b := mediaType(want), mediaType(got); a != b {
		out = append(out, fmt.Sprintf("content-type %q, reference %q", b, a))
	}
	for _, h := range exactHeaders {
		if w, ok := want.Headers[h]; ok && w != got.Headers[h] {
			out = append(out, fmt.Sprintf("%s %q, reference %q", h, got.Headers[h], w))
		}
	}
	if slices.Contains(s.Vary, "$") {
		return out
	}
	return append(out, compareBodies(s, want, got)...)
}

func compareBodies(s *Step, want, got *Answer) []string {
	switch {
	case want.JSON == nil && got.JSON != nil:
		return []string{fmt.Sprintf("body %.160q, reference %.160q", got.JSON, want.Text)}
	case want.JSON == nil && want.Text == got.Text:
		return nil
	case want.JSON == nil:
		return []string{fmt.Sprintf("body %.160q, reference %.160q", got.Text, want.Text)}
	case got.JSON == nil:
		return []string{fmt.Sprintf("not JSON: %.160q", got.Text)}
	}
	w, err := normalize(want.JSON, s)
	if err != nil {
		return []string{"the recording: " + err.Error()}
	}
	g, err := normalize(got.JSON, s)
	if err != nil {
		return []string{err.Error()}
	}
	return diff(w, g, "$")
}

func mediaType(a *Answer) string {
	m, _, _ := strings.Cut(a.Headers["content-type"], ";")
	return m
}
