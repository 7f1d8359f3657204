package naming

// Use is that somebody is told of a service: another service, where what tells
// publishes that one, too, else an application, else an address.
type Use struct {
	To       Key    `json:"to"`
	Service  Key    `json:"service,omitzero"`
	Inferred bool   `json:"inferred,omitempty"` // of Service: it is all that is published at the subscriber's address
	App      string `json:"app,omitempty"`
	IP       string `json:"ip,omitempty"`
}

// maxOwn is of how many services a client may be, to stand for each of them: one
// that publishes every interface by itself would be a line from each to each.
const maxOwn = 8

// Uses counts who subscribes here to the services that are seen. byAddress tells
// of addresses alone.
func (s *Service) Uses(sees func(Key) bool, byAddress bool) map[Use]int {
	type pair struct {
		c   *client
		to  Key
		app string
	}
	var subs []pair
	s.eachEntry(func(e *entry) {
		if !sees(e.key) {
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		seen := make(map[*client]bool, len(e.subs))
		for _, b := range e.subs {
			if !seen[b.client] { // it may be told of several sets of clusters
				seen[b.client] = true
				subs = append(subs, pair{b.client, e.key, b.app})
			}
		}
	})
	out := make(map[Use]int, len(subs))
	var alone map[string]Key // made when it is needed
	for _, p := range subs {
		if byAddress {
			out[Use{To: p.to, IP: p.c.ip}]++
			continue
		}
		own := p.c.services(sees)
		for _, k := range own {
			out[Use{To: p.to, Service: k}]++
		}
		if len(own) > 0 {
			continue
		}
		if alone == nil {
			alone = s.alone(sees)
		}
		switch k := alone[p.c.ip]; {
		case k != Key{}:
			out[Use{To: p.to, Service: k, Inferred: true}]++
		case p.app != "" && p.app != "unknown" && p.app != "-": // as clients say that they have no name
			out[Use{To: p.to, App: p.app}]++
		default:
			out[Use{To: p.to, IP: p.c.ip}]++
		}
	}
	return out
}

// services are those that the client publishes, none where they are too many.
func (c *client) services(sees func(Key) bool) (all []Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, g := range c.regs {
		if i > 0 && c.regs[i-1].entry == g.entry || !sees(g.entry.key) { // of a batch
			continue
		}
		if all = append(all, g.entry.key); len(all) > maxOwn {
			return nil
		}
	}
	return all
}

// alone are the services at the addresses where nothing but them is published.
func (s *Service) alone(sees func(Key) bool) map[string]Key {
	at := map[string]Key{}
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, g := range e.regs {
			switch k, known := at[g.sent.IP]; {
			case !known && sees(e.key):
				at[g.sent.IP] = e.key
			case k != e.key:
				at[g.sent.IP] = Key{}
			}
		}
	})
	return at
}
