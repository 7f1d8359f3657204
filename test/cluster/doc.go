// Package cluster breaks real nodes in every way that a network, a disk and a
// machine can, under load, and looks at what clients get. Its tests are in the
// _test files; README.md tells how to run them.
package cluster
