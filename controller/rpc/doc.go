// Package rpc is gRPC: as SDKs see it, and as the health check of instances
// that speak it.
//
// One HTTP/2 connection is one client. It says who it is in the first payload of
// its stream, asks with unary calls, and is told of changes on the stream. What a
// type of request asks for, and who may ask, is a row of a table: see Type.
package rpc
