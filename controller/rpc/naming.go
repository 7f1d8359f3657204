package rpc

// moduleNaming is the label of connections whose clients publish and subscribe.
const moduleNaming = "naming"

func (*Server) namingTypes() []Type { return nil }
