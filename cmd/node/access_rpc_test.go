package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
)

// typeRule is what a type of request over gRPC asks of its caller. It is written
// down here once more, so that no type is added without a decision.
type typeRule struct {
	access middleware.Access
	body   string
}

func typeRules() map[string]typeRule {
	public := middleware.Access{Class: middleware.Public}
	to := func(a middleware.Action, resource string) middleware.Access {
		return middleware.Access{Class: middleware.Client, Action: a, Resource: resource}
	}
	reads, writes := to(middleware.Read, middleware.NamingResource), to(middleware.Write, middleware.NamingResource)
	readsConfig, writesConfig := to(middleware.Read, middleware.ConfigResource), to(middleware.Write, middleware.ConfigResource)
	service := func(rest string) string {
		return `{"namespace":"public","groupName":"G","serviceName":"s"` + rest + `}`
	}
	const one, config = `{"ip":"192.0.2.1","port":80}`, `"dataId":"d","group":"G","tenant":""`
	return map[string]typeRule{
		"ServerCheckRequest":        {public, `{}`},
		"HealthCheckRequest":        {public, `{}`},
		"InstanceRequest":           {writes, service(`,"type":"registerInstance","instance":` + one)},
		"BatchInstanceRequest":      {writes, service(`,"type":"batchRegisterInstance","instances":[` + one + `]`)},
		"PersistentInstanceRequest": {writes, strings.Replace(service(`,"type":"registerInstance","instance":`+one), `"s"`, `"p"`, 1)},
		"ServiceQueryRequest":       {reads, service("")},
		"ServiceListRequest":        {reads, `{"namespace":"public","groupName":"G","pageNo":1,"pageSize":1}`},
		"SubscribeServiceRequest":   {reads, service(`,"subscribe":true`)},
		"ConfigQueryRequest":        {readsConfig, `{` + config + `}`},
		"ConfigBatchListenRequest":  {readsConfig, `{"listen":true,"configListenContexts":[{` + config + `,"md5":""}]}`},
		"ConfigPublishRequest":      {writesConfig, `{` + config + `,"content":"x"}`},
		"ConfigRemoveRequest":       {writesConfig, `{` + config + `}`},
	}
}

// typeMatrix sends every type of request as each of the callers, and writes a row
// for each.
func (g guarded) typeMatrix(t *testing.T, table io.Writer, callers []string) {
	t.Helper()
	rules := typeRules()
	address := g.serveRPC(t)
	naming, config := connect(t, address, "naming"), connect(t, address, "config")
	names := map[string]middleware.Module{}
	for _, x := range g.rpc.Types() {
		names[x.Name] = x.Module
		if _, ok := rules[x.Name]; !ok {
			t.Errorf("%s: nothing says here who may send it", x.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		module, ok := names[name]
		if !ok {
			t.Errorf("%s: there is no such type", name)
			continue
		}
		over := naming
		if module == middleware.Config {
			over = config
		}
		cells := []string{"gRPC " + name}
		for _, c := range callers {
			answer := over.ask(name, rules[name].body, g.tokens[c])
			passed := !strings.Contains(answer, `"errorCode":403`)
			if passed != expected(rules[name].access, c) || passed && !strings.Contains(answer, `"resultCode":200`) && !strings.Contains(answer, `"errorCode":300`) {
				t.Errorf("%s by %s: %s", name, c, answer)
			}
			cells = append(cells, map[bool]string{true: "yes", false: "-"}[passed])
		}
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
}

// serveRPC serves gRPC until the test ends, and returns where.
func (g guarded) serveRPC(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.rpc.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// payloads is the codec of an SDK.
type payloads struct{}

func (payloads) Name() string { return "proto" }

func (payloads) Marshal(v any) (mem.BufferSlice, error) {
	p, ok := v.(*rpc.Payload)
	if !ok {
		return nil, errors.New("no payload")
	}
	return mem.BufferSlice{mem.SliceBuffer(p.Append(nil))}, nil
}

func (payloads) Unmarshal(b mem.BufferSlice, v any) (err error) {
	p, ok := v.(*rpc.Payload)
	if !ok {
		return errors.New("no payload")
	}
	*p, err = rpc.ParsePayload(b.Materialize())
	return err
}

// connection is an SDK's.
type connection struct {
	t  *testing.T
	cc *grpc.ClientConn
}

// connect opens a connection for one part of the server, and waits until it is
// known there.
func connect(t *testing.T, address, module string) connection {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(payloads{})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = cc.Close()
	})
	c := connection{t, cc}
	c.ask("ServerCheckRequest", `{}`, "")
	stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/BiRequestStream/requestBiStream")
	if err != nil {
		t.Fatal(err)
	}
	body := `{"clientVersion":"test","labels":{"source":"sdk","module":"` + module + `"},"abilityTable":{}}`
	if err := stream.SendMsg(&rpc.Payload{Type: "ConnectionSetupRequest", Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	var p rpc.Payload
	if err := stream.RecvMsg(&p); err != nil || p.Type != "SetupAckRequest" {
		t.Fatalf("the first push is %s: %v", p.Type, err)
	}
	return c
}

// ask is the body of the answer to a request.
func (c connection) ask(kind, body, token string) string {
	c.t.Helper()
	p := rpc.Payload{Type: kind, Body: []byte(body)}
	if token != "" {
		p.Headers = map[string]string{"accessToken": token}
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	var answer rpc.Payload
	if err := c.cc.Invoke(ctx, "/Request/request", &p, &answer); err != nil {
		c.t.Fatalf("%s: %v", kind, err)
	}
	return string(answer.Body)
}
