//go:build linux

package cluster

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what clients saw that write the same configs and persistent
// instances, to be judged as one register for each of them.
type history struct {
	w *world

	mu    sync.Mutex // guards the following fields
	turn  int        // keys are taken anew after each check, so that a history stays short
	ops   []porcupine.Operation
	total map[string]int
}

// act is what one client asked for. Kind is publish, cas, get or remove;
// registering and deregistering an instance are publish and remove.
type act struct {
	kind, key, value, old string
	node                  int
}

// outcome is what it was answered.
type outcome struct {
	value            string
	refused, unknown bool
	text             string
}

// rivalry is how many configs, and how many instances, the clients share.
const rivalry = 3

func newHistory(w *world) *history { return &history{w: w, total: map[string]int{}} }

// contend reads and writes what others write as well.
func (h *history) contend(ctx context.Context, client int) {
	r := rand.New(rand.NewPCG(h.w.seed, uint64(3000+client)))
	last := map[string]string{}
	for k := 0; ctx.Err() == nil; k++ {
		if !h.w.gate.enter(ctx) {
			return
		}
		h.mu.Lock()
		turn := h.turn
		h.mu.Unlock()
		a := act{value: fmt.Sprintf("%d-%d-%d", turn, client, k), kind: "publish"}
		instances := r.IntN(2) == 0
		if instances {
			a.key = fmt.Sprintf("instance %d %d", turn, r.IntN(rivalry))
		} else {
			a.key = fmt.Sprintf("config %d %d", turn, r.IntN(rivalry))
		}
		switch c := r.IntN(10); {
		case c < 4:
			a.kind = "get"
		case c < 5:
			a.kind = "remove"
		case c < 7 && !instances && last[a.key] != "":
			a.kind, a.old = "cas", last[a.key]
		}
		if v, ok := h.do(ctx, client, h.w.any(r), a); ok && a.kind != "remove" {
			last[a.key] = v
		}
		h.w.gate.leave()
		pause(ctx, time.Duration(50+r.IntN(200))*time.Millisecond)
	}
}

// do performs one act and keeps what came of it. ok says that it took effect,
// and value what is there then.
func (h *history) do(ctx context.Context, client int, n *node, a act) (value string, ok bool) {
	a.node = n.number
	call := time.Since(h.w.l.began).Nanoseconds()
	var o outcome
	if strings.HasPrefix(a.key, "instance") {
		o = n.instance(ctx, a)
	} else {
		o = n.page(ctx, a)
	}
	ret := time.Since(h.w.l.began).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case o.unknown && a.kind == "get", ctx.Err() != nil:
		h.total[a.kind+" unanswered"]++
		return "", false
	case o.unknown && o.text == "not sent":
		h.total[a.kind+" not sent"]++
		return "", false
	case o.unknown:
		h.total[a.kind+" unknown"]++
		ret = math.MaxInt64 // it may take effect at any later time
	case o.refused:
		h.total[a.kind+" refused"]++
	default:
		h.total[a.kind]++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: a, Call: call, Output: o, Return: ret})
	if a.kind == "get" {
		return o.value, !o.unknown && o.value != ""
	}
	return a.value, !o.unknown && !o.refused
}

// fate is the outcome of a write by its answer.
func fate(r reply, yes string) outcome {
	switch {
	case r.ok() && r.body == yes:
		return outcome{}
	case strings.Contains(r.body, "Cas publish fail"):
		return outcome{refused: true}
	case !r.sent || refused(r):
		return outcome{unknown: true, text: "not sent"}
	default:
		return outcome{unknown: true, text: r.String()}
	}
}

// page acts on a config.
func (n *node) page(ctx context.Context, a act) outcome {
	form := values("dataId", strings.ReplaceAll(a.key, " ", "-"), "group", group)
	switch a.kind {
	case "get":
		r := n.call(ctx, http.MethodGet, "/v1/cs/configs", form, linearizable...)
		if r.status == http.StatusNotFound {
			return outcome{}
		}
		return outcome{value: r.body, unknown: !r.ok(), text: r.String()}
	case "remove":
		return fate(n.call(ctx, http.MethodDelete, "/v1/cs/configs", form), "true")
	}
	form.Set("content", a.value)
	var header []string
	if a.kind == "cas" {
		sum := md5.Sum([]byte(a.old))
		header = []string{"casMd5", hex.EncodeToString(sum[:])}
	}
	return fate(n.call(ctx, http.MethodPost, "/v1/cs/configs", form, header...), "true")
}

// instance acts on a persistent instance, whose metadata are the value.
func (n *node) instance(ctx context.Context, a act) outcome {
	var turn, number int
	_, _ = fmt.Sscanf(a.key, "instance %d %d", &turn, &number)
	form := values("serviceName", fmt.Sprintf("persistent-%d", turn), "ip", fmt.Sprintf("10.2.0.%d", number+1), "port", "80", "ephemeral", "false")
	switch a.kind {
	case "get":
		r := n.call(ctx, http.MethodGet, "/v1/ns/instance", form, linearizable...)
		var got struct{ Metadata struct{ V string } }
		if r.ok() && json.Unmarshal([]byte(r.body), &got) == nil {
			return outcome{value: got.Metadata.V, text: r.String()}
		}
		return outcome{unknown: !strings.Contains(r.body, "no ips found") && !strings.Contains(r.body, "no matched ip"), text: r.String()}
	case "remove":
		return fate(n.call(ctx, http.MethodDelete, "/v1/ns/instance", form), "ok")
	default:
		form.Set("metadata", `{"v":"`+a.value+`"}`)
		return fate(n.call(ctx, http.MethodPost, "/v1/ns/instance", form), "ok")
	}
}

// linearizable are the headers of a read that must see every write answered
// before it.
var linearizable = []string{"Pharos-Read", "linearizable"}

// close ends a turn: what is there now is read from every node, and the whole
// must be what one register for each key could have answered.
func (h *history) close() bool {
	h.w.l.t.Helper()
	h.mu.Lock()
	turn := h.turn
	h.mu.Unlock()
	ok := h.w.l.until(settled, "all nodes agree on the shared keys", func() string {
		for k := range rivalry {
			for _, kind := range []string{"config", "instance"} {
				key := fmt.Sprintf("%s %d %d", kind, turn, k)
				if why := h.same(key); why != "" {
					return key + ": " + why
				}
			}
		}
		return ""
	})
	h.mu.Lock()
	ops := h.ops
	h.ops, h.turn = nil, turn+1
	h.mu.Unlock()
	switch porcupine.CheckOperationsTimeout(registers(), ops, 30*time.Second) {
	case porcupine.Illegal:
		h.w.l.t.Errorf("turn %d: not linearizable, %d operations: %s", turn, len(ops), h.keep(ops))
		h.w.l.say("turn %d is NOT linearizable", turn)
		return false
	case porcupine.Unknown:
		h.w.l.say("turn %d: %d operations, too many to judge", turn, len(ops))
	default:
		h.w.l.say("turn %d: %d operations are linearizable", turn, len(ops))
	}
	return ok
}

// same says how the nodes differ in one key.
func (h *history) same(key string) string {
	values := map[string][]int{}
	for _, n := range h.w.l.running() {
		a := act{kind: "get", key: key}
		call := time.Since(h.w.l.began).Nanoseconds()
		var o outcome
		if strings.HasPrefix(key, "instance") {
			o = n.instance(h.w.ctx, a)
		} else {
			o = n.page(h.w.ctx, a)
		}
		if o.unknown {
			return fmt.Sprintf("node %d does not answer: %s", n.number, o.text)
		}
		a.node = n.number
		h.mu.Lock()
		h.ops = append(h.ops, porcupine.Operation{ClientId: 100 + n.number, Input: a, Call: call, Output: o, Return: time.Since(h.w.l.began).Nanoseconds()})
		h.mu.Unlock()
		values[o.value] = append(values[o.value], n.number)
	}
	if len(values) > 1 {
		return fmt.Sprintf("value to nodes: %v", values)
	}
	return ""
}

// keep writes a history, and porcupine's picture of it, where they can be read.
func (h *history) keep(ops []porcupine.Operation) string {
	model := registers()
	bad := map[string]bool{}
	var text strings.Builder
	for _, part := range model.Partition(ops) {
		if porcupine.CheckOperationsTimeout(model, part, 10*time.Second) != porcupine.Illegal {
			continue
		}
		bad[part[0].Input.(act).key] = true
		slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
		for _, o := range part {
			fmt.Fprintf(&text, "%12d %20d client %3d %+v -> %+v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
		}
	}
	f, err := os.CreateTemp("", "pharos-history-*.txt")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	_, _ = f.WriteString(text.String())
	_, info := porcupine.CheckOperationsVerbose(model, ops, 10*time.Second)
	picture := strings.TrimSuffix(f.Name(), filepath.Ext(f.Name())) + ".html"
	_ = porcupine.VisualizePath(model, info, picture)
	return fmt.Sprintf("%v, see %s and %s", bad, f.Name(), picture)
}

// registers is the model: each key is a register that may be empty. A
// compare-and-set on an empty one writes, as Nacos has it.
func registers() porcupine.Model {
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, o := range all {
				k := o.Input.(act).key
				by[k] = append(by[k], o)
			}
			var out [][]porcupine.Operation
			for _, v := range by {
				out = append(out, v)
			}
			return out
		},
		Init: func() any { return "" },
		Step: func(state, in, out any) (bool, any) {
			a, o, s := in.(act), out.(outcome), state.(string)
			switch a.kind {
			case "get":
				return o.value == s, s
			case "remove":
				return true, ""
			case "cas":
				if s == "" || s == a.old {
					return o.unknown || !o.refused, a.value
				}
				return o.unknown || o.refused, s
			default:
				return true, a.value
			}
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
	}
}
