package persistence

// The codes of ops on service discovery. They are only ever added.
const (
	opPutService     opCode = 100
	opRemoveService  opCode = 101
	opPutCluster     opCode = 102
	opPutInstance    opCode = 110
	opRemoveInstance opCode = 111
	opSetHealth      opCode = 112
	opPutOverlays    opCode = 120
	opRemoveOverlays opCode = 121
	opSetSwitch      opCode = 130
)

// ServiceKey names a service.
type ServiceKey struct{ Namespace, Group, Name string }

const whereService = " WHERE namespace = ? AND grp = ? AND name = ?"

func (k ServiceKey) args(more ...any) []any {
	return append([]any{k.Namespace, k.Group, k.Name}, more...)
}

// Service is what an operator has said of a service.
type Service struct {
	ServiceKey
	Ephemeral bool // the kind of its instances; fixed by who makes the row
	Threshold float32
	Metadata  string // JSON
	Selector  string // JSON
}

// PutService describes a service. Its kind stays what it was.
type PutService struct {
	Service
	// Create refuses with ErrExists when there is such a service.
	Create bool `json:",omitempty"`
}

func (PutService) code() opCode  { return opPutService }
func (PutService) refusesFirst() {}

func (o PutService) run(tx *txn) (Result, error) {
	n, err := tx.exec("INSERT INTO pharos_service (namespace, grp, name, ephemeral, threshold, metadata, selector) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		o.args(o.Ephemeral, o.Threshold, o.Metadata, o.Selector)...)
	switch {
	case err != nil || n > 0:
		return Result{N: n, Created: n > 0}, err
	case o.Create:
		return Result{}, ErrExists
	}
	n, err = tx.exec("UPDATE pharos_service SET threshold = ?, metadata = ?, selector = ?"+whereService,
		append([]any{o.Threshold, o.Metadata, o.Selector}, o.args()...)...)
	return Result{N: n}, err
}

// RemoveService removes what was said of a service and its clusters.
type RemoveService struct{ ServiceKey }

func (RemoveService) code() opCode  { return opRemoveService }
func (RemoveService) refusesFirst() {}

func (o RemoveService) run(tx *txn) (Result, error) {
	if _, err := tx.exec("DELETE FROM pharos_cluster"+whereService, o.args()...); err != nil {
		return Result{}, err
	}
	n, err := tx.exec("DELETE FROM pharos_service"+whereService, o.args()...)
	return Result{N: n}, err
}

// Cluster is what an operator has said of a cluster of a service.
type Cluster struct {
	ServiceKey
	Cluster         string
	CheckPort       int
	UseInstancePort bool
	Checker         string // JSON
	Metadata        string // JSON
}

// PutCluster describes a cluster. A service that was not described before is, by
// New, from then on.
type PutCluster struct {
	Cluster
	New Service
}

func (PutCluster) code() opCode  { return opPutCluster }
func (PutCluster) refusesFirst() {}

func (o PutCluster) run(tx *txn) (Result, error) {
	made, err := tx.exec("INSERT INTO pharos_service (namespace, grp, name, ephemeral, threshold, metadata, selector) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		o.args(o.New.Ephemeral, o.New.Threshold, o.New.Metadata, o.New.Selector)...)
	if err != nil {
		return Result{}, err
	}
	n, err := tx.exec("INSERT OR REPLACE INTO pharos_cluster (namespace, grp, name, cluster, check_port, use_instance_port, checker, metadata) VALUES (?,?,?,?,?,?,?,?)",
		o.args(o.Cluster.Cluster, o.CheckPort, o.UseInstancePort, o.Checker, o.Metadata)...)
	return Result{N: n, Created: made > 0}, err
}

// Instance is a persistent instance.
type Instance struct {
	ServiceKey
	IP       string
	Port     uint16
	Cluster  string
	Weight   float64
	Healthy  bool
	Enabled  bool
	Metadata string // JSON
	ID       string // its instanceId: "" for none, "simple", or the id itself
}

// PutInstance registers a persistent instance, or anew. It is refused with
// ErrConflict where the service is described as one of ephemeral instances.
type PutInstance struct{ Instance }

func (PutInstance) code() opCode  { return opPutInstance }
func (PutInstance) refusesFirst() {}

func (o PutInstance) run(tx *txn) (Result, error) {
	var ephemeral bool
	if _, err := tx.one("SELECT ephemeral FROM pharos_service"+whereService, o.args(), &ephemeral); err != nil || ephemeral {
		return Result{}, firstErr(err, ErrConflict)
	}
	n, err := tx.exec("INSERT OR REPLACE INTO pharos_instance (namespace, grp, name, ip, port, cluster, weight, healthy, enabled, metadata, instance_id) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
		o.args(o.IP, o.Port, o.Cluster, o.Weight, o.Healthy, o.Enabled, o.Metadata, o.ID)...)
	return Result{N: n}, err
}

// RemoveInstance removes a persistent instance. The result's N is 0 when there is
// none.
type RemoveInstance struct {
	ServiceKey
	IP   string
	Port uint16
}

func (RemoveInstance) code() opCode  { return opRemoveInstance }
func (RemoveInstance) refusesFirst() {}

func (o RemoveInstance) run(tx *txn) (Result, error) {
	n, err := tx.exec("DELETE FROM pharos_instance"+whereService+" AND ip = ? AND port = ?", o.args(o.IP, o.Port)...)
	return Result{N: n}, err
}

// SetHealth records what a check has found of a persistent instance. The result's
// N is 0 when there is none.
type SetHealth struct {
	ServiceKey
	IP      string
	Port    uint16
	Healthy bool
}

func (SetHealth) code() opCode  { return opSetHealth }
func (SetHealth) refusesFirst() {}

func (o SetHealth) run(tx *txn) (Result, error) {
	n, err := tx.exec("UPDATE pharos_instance SET healthy = ?"+whereService+" AND ip = ? AND port = ?",
		append([]any{o.Healthy}, o.args(o.IP, o.Port)...)...)
	return Result{N: n}, err
}

// Overlay is what an operator has set over an instance; nil follows the client.
type Overlay struct {
	IP       string
	Port     uint16
	Cluster  string
	Weight   *float64
	Enabled  *bool
	Metadata string // JSON
}

// PutOverlays sets overlays of instances of one service, whole.
type PutOverlays struct {
	ServiceKey
	Overlays []Overlay
}

func (PutOverlays) code() opCode  { return opPutOverlays }
func (PutOverlays) refusesFirst() {}

func (o PutOverlays) run(tx *txn) (res Result, err error) {
	for _, v := range o.Overlays {
		n, err := tx.exec("INSERT OR REPLACE INTO pharos_overlay (namespace, grp, name, ip, port, cluster, weight, enabled, metadata) VALUES (?,?,?,?,?,?,?,?,?)",
			o.args(v.IP, v.Port, v.Cluster, v.Weight, v.Enabled, v.Metadata)...)
		if err != nil {
			return res, err
		}
		res.N += n
	}
	return res, nil
}

// RemoveOverlays removes overlays of instances of one service; of Overlays only
// the address and the cluster count.
type RemoveOverlays struct {
	ServiceKey
	Overlays []Overlay
}

func (RemoveOverlays) code() opCode  { return opRemoveOverlays }
func (RemoveOverlays) refusesFirst() {}

func (o RemoveOverlays) run(tx *txn) (res Result, err error) {
	for _, v := range o.Overlays {
		n, err := tx.exec("DELETE FROM pharos_overlay"+whereService+" AND ip = ? AND port = ? AND cluster = ?", o.args(v.IP, v.Port, v.Cluster)...)
		if err != nil {
			return res, err
		}
		res.N += n
	}
	return res, nil
}

// SetSwitch turns a switch. Entry is unique per setting, so later ones win.
type SetSwitch struct{ Entry, Value string }

func (SetSwitch) code() opCode  { return opSetSwitch }
func (SetSwitch) refusesFirst() {}

func (o SetSwitch) run(tx *txn) (Result, error) {
	n, err := tx.exec("INSERT OR REPLACE INTO pharos_switch (entry, value) VALUES (?,?)", o.Entry, o.Value)
	return Result{N: n}, err
}
