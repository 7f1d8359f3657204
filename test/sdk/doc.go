// Package sdk runs real, unmodified Nacos clients (Java, Go, Node, Python)
// against the real binary. Its tests are in the _test files; README.md tells
// how to run them and how a client's program reports.
package sdk
