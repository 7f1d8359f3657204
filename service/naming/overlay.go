package naming

// overlayKey names an instance for its overlay.
type overlayKey struct {
	ip      string
	port    uint16
	cluster string
}

func overlayKeyOf(in *Instance) overlayKey { return overlayKey{in.IP, in.Port, in.Cluster} }

func (g *registration) overlayKey() overlayKey { return overlayKeyOf(g.sent) }

// Overlay is what an operator has set over an instance. It is kept apart from
// what the client sends: a field that is not set follows the client. It is never
// changed once set.
type Overlay struct {
	Weight   *float64
	Enabled  *bool
	Metadata *Metadata

	expired int64 // unix ms since when the instance is gone; 0: it is there, or never was
}

// over returns the instance that is shown of in.
func (o *Overlay) over(in *Instance) *Instance {
	out := *in
	if o.Weight != nil {
		out.Weight = *o.Weight
	}
	if o.Enabled != nil {
		out.Enabled = *o.Enabled
	}
	out.Metadata = in.Metadata.with(o.Metadata)
	return &out
}

// reviveOverlay stops the time after which the overlay of an instance that had
// gone is cleaned up. e.mu is held.
func (e *entry) reviveOverlay(k overlayKey) {
	if o := e.overlays[k]; o != nil && o.expired != 0 {
		back := *o
		back.expired = 0
		e.overlays[k] = &back
	}
}
