// Package rpc is gRPC: as SDKs see it, and as the health check of instances
// that speak it.
package rpc
