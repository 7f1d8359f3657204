//go:build !linux

package main

// unmapStart does nothing where the system has no say in it.
func unmapStart() {}
