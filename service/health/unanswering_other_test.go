//go:build !linux

package health_test

import "testing"

func unanswering(testing.TB) (addr string, ok bool) { return "", false }
