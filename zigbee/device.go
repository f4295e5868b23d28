package zigbee

import (
	"slices"
	"time"

	"gatehouse/zigbee/zcl"
)

// Device is what is known of a device.
type Device struct {
	IEEE         IEEE
	Short        Short
	Listening    bool // its receiver is always on; otherwise it sleeps
	Mains        bool
	Router       bool // it passes on what others say, and lets them join
	Coded        bool // it joined by its install code
	Manufacturer uint16
	Maker        string
	Model        string
	Firmware     string
	Endpoints    []Endpoint
	Studied      bool // it has been asked what it is, and its zones are enrolled
	Hub          IEEE // the stick that it was told to report to
	// Ways stands for what it was asked and told as its quirk wants.
	Ways     string `json:",omitzero"`
	LastSeen time.Time
}

// Endpoint is one part of a device.
type Endpoint struct {
	ID      byte
	Profile uint16
	Kind    uint16        // the profile's device id
	In      []zcl.Cluster // that it serves
	Out     []zcl.Cluster // that it is a client of
	Zone    Zone          // of one that serves IAS Zone
	Bound   []zcl.Cluster // whose reports and commands it was told to send to the hub
	Polled  []zcl.Cluster // of those, whose reports it refuses: it is asked from time to time
	// What one count of power is in W, of energy in kWh, of voltage in V and of
	// current in A; 0: it says none.
	PowerCount, EnergyCount, VoltageCount, CurrentCount float64 `json:",omitzero"`
}

// Zone is an IAS zone.
type Zone struct {
	Type     zcl.ZoneType
	ID       byte // that the hub gave it
	Enrolled bool // it has said so
}

// Serves tells whether the endpoint serves a cluster.
func (e Endpoint) Serves(c zcl.Cluster) bool { return slices.Contains(e.In, c) }

// Uses tells whether the endpoint is a client of a cluster.
func (e Endpoint) Uses(c zcl.Cluster) bool { return slices.Contains(e.Out, c) }

// Serving is the first endpoint that serves a cluster.
func (d *Device) Serving(c zcl.Cluster) (Endpoint, bool) {
	for _, e := range d.Endpoints {
		if e.Serves(c) {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Using is the first endpoint that is a client of a cluster.
func (d *Device) Using(c zcl.Cluster) (Endpoint, bool) {
	for _, e := range d.Endpoints {
		if e.Uses(c) {
			return e, true
		}
	}
	return Endpoint{}, false
}

// node is a device and what the controller notes of it beside. Endpoints are
// replaced and never changed, so that a copy of the Device is a snapshot.
type node struct {
	Device

	studying bool
	fails    int            // studies that failed in a row
	next     time.Time      // when it is studied next
	asked    bool           // it was asked how it is since the stick is up
	zones    map[byte]*zone // enrolments, by endpoint
	last     [2]heard       // the last frames, to know repeats
	seen     seen           // what was heard of it, for its signature

	flying bool     // something is on its way to it, and it sleeps
	line   []errand // what comes after that
	orders []*order // what it is to be told, the most urgent first

	reread  bool              // its maker, model and firmware are asked for once more
	doubted bool              // what it was told is to be looked at again
	checked time.Time         // when it was looked at last, or the stick came up
	says    map[say]time.Time // what it has reported since
	polled  map[say]time.Time // when it was asked for what it does not report
	told    []say             // what the caller knows that it refuses to report
	tells   string            // the firmware that the caller knows of
}

// heard is a frame that was heard.
type heard struct {
	at       time.Time
	endpoint byte
	cluster  zcl.Cluster
	payload  []byte
}

// repeatWithin is how long a frame with the same number and content is a repeat:
// a device that gets no acknowledgement sends again within 1.6 s, three times.
const repeatWithin = 5 * time.Second

// repeats tells whether a message is one that was heard just now, and notes it.
func (n *node) repeats(now time.Time, m Message) bool {
	for i := range n.last {
		h := &n.last[i]
		if now.Sub(h.at) < repeatWithin && h.endpoint == m.PeerEndpoint && h.cluster == zcl.Cluster(m.Cluster) && slices.Equal(h.payload, m.Payload) {
			return true
		}
	}
	n.last[1], n.last[0] = n.last[0], n.last[1]
	h := &n.last[0]
	h.at, h.endpoint, h.cluster, h.payload = now, m.PeerEndpoint, zcl.Cluster(m.Cluster), append(h.payload[:0], m.Payload...)
	return false
}

// polls are what it is asked for, as it refuses to report it.
func (n *node) polls() []say {
	var l []say
	for _, e := range n.Endpoints {
		for _, c := range e.Polled {
			l = append(l, say{e.ID, c})
		}
	}
	return l
}

// sleeper tells that it must be spoken to when it comes.
func (n *node) sleeper() bool { return !n.Listening }

// endpoint is one endpoint by its id.
func (n *node) endpoint(id byte) (Endpoint, bool) {
	for _, e := range n.Endpoints {
		if e.ID == id {
			return e, true
		}
	}
	return Endpoint{}, false
}

// setEndpoint replaces one endpoint by its id.
func (n *node) setEndpoint(e Endpoint) {
	n.Endpoints = slices.Clone(n.Endpoints)
	for i := range n.Endpoints {
		if n.Endpoints[i].ID == e.ID {
			n.Endpoints[i] = e
			return
		}
	}
	n.Endpoints = append(n.Endpoints, e)
}
