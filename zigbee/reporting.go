package zigbee

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zdo"
)

// attrReport is how an attribute is to be reported: at most every min, at least
// every max seconds, and when it has changed by that much.
type attrReport struct {
	attr     zcl.Attr
	kind     zcl.Type
	min, max uint16
	change   uint64
}

// reported is what devices are to report.
var reported = []struct {
	cluster zcl.Cluster
	attrs   []attrReport
	poll    time.Duration // how often a device is asked that refuses to report
}{
	{zcl.PowerConfiguration, []attrReport{
		{zcl.BatteryPercentage, zcl.Uint8, 600, 1800, 4}, // 2 %; half an hour is a sleeper's sign of life
		{zcl.BatteryVoltage, zcl.Uint8, 3600, 21600, 1},  // 0.1 V
	}, 6 * time.Hour},
	{zcl.OnOff, []attrReport{{zcl.OnOffState, zcl.Bool, 0, 600, 0}}, time.Minute},
	{zcl.Level, []attrReport{{zcl.CurrentLevel, zcl.Uint8, 1, 600, 3}}, time.Minute}, // 1 %
	{zcl.DoorLock, []attrReport{{zcl.LockStateAttr, zcl.Enum8, 0, 1800, 0}}, time.Minute},
	{zcl.WindowCovering, []attrReport{{zcl.CoveringLift, zcl.Uint8, 1, 600, 1}}, time.Minute},
	{zcl.Occupancy, []attrReport{{zcl.OccupancyState, zcl.Bitmap8, 0, 1800, 0}}, time.Minute},
	{zcl.Temperature, []attrReport{{zcl.MeasuredValue, zcl.Int16, 30, 1800, 20}}, measuredPoll},    // 0.2 °C
	{zcl.Humidity, []attrReport{{zcl.MeasuredValue, zcl.Uint16, 30, 1800, 100}}, measuredPoll},     // 1 %
	{zcl.Illuminance, []attrReport{{zcl.MeasuredValue, zcl.Uint16, 30, 1800, 1000}}, measuredPoll}, // a quarter more or less
	{zcl.Electrical, []attrReport{
		{zcl.ActivePower, zcl.Int16, 10, 600, 10},  // 1 to 10 W, by its count
		{zcl.RMSVoltage, zcl.Uint16, 60, 1800, 20}, // 2 to 20 V
		{zcl.RMSCurrent, zcl.Uint16, 10, 600, 100}, // 0.1 A, where it counts mA
	}, measuredPoll},
	{zcl.Metering, []attrReport{{zcl.MeterSummation, zcl.Uint48, 300, 1800, 1}}, measuredPoll},
}

const (
	measuredPoll = 10 * time.Minute
	// silentTimes is how many times the longest pause between two reports may
	// pass without one before the device is asked what became of its
	// configuration; it is asked again after recheckAfter at the earliest.
	silentTimes  = 3
	recheckAfter = 6 * time.Hour
)

// say is a report of a cluster.
type say struct {
	endpoint byte
	cluster  zcl.Cluster
}

// report binds the clusters of an endpoint that report, says how often, and reads
// back what the device made of it. One that refuses is asked from time to time.
func (c *Controller) report(ctx context.Context, id IEEE, e Endpoint) error {
	var bound, polled []zcl.Cluster
	bind := func(cluster zcl.Cluster) error {
		bound = append(bound, cluster)
		return c.bind(ctx, id, e.ID, cluster)
	}
	for _, r := range reported {
		if !e.Serves(r.cluster) {
			continue
		}
		if err := bind(r.cluster); err != nil {
			return err
		}
		ok, err := c.configure(ctx, id, e.ID, r.cluster, r.attrs)
		if err != nil {
			return err
		}
		if !ok {
			polled = append(polled, r.cluster)
		}
	}
	for _, only := range []zcl.Cluster{zcl.PollControl, zcl.Alarms} { // what they say needs no configuration
		if e.Serves(only) {
			if err := bind(only); err != nil {
				return err
			}
		}
	}
	for _, out := range []zcl.Cluster{zcl.IASACE, zcl.OnOff, zcl.Level, zcl.Scenes} { // keypads and remote controls send commands
		if e.Uses(out) {
			bound = append(bound, out)
			if err := c.bindSender(ctx, id, e.ID, out); err != nil {
				return err
			}
		}
	}
	c.note(id, func(n *node) {
		n.Hub = c.info.IEEE
		if is, ok := n.endpoint(e.ID); ok {
			is.Bound, is.Polled = bound, polled
			n.setEndpoint(is)
		}
	})
	return nil
}

// configure has attributes of a cluster reported, unless they are already, and
// tells whether the device does so.
func (c *Controller) configure(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster, want []attrReport) (ok bool, err error) {
	missing, known, err := c.unreported(ctx, id, endpoint, cluster, want)
	if err != nil || known && len(missing) == 0 {
		return err == nil, err
	}
	var q zcl.ConfigureReporting
	for _, a := range missing {
		q.Records = append(q.Records, zcl.Reporting{Attr: a.attr, Min: a.min, Max: a.max, Change: zcl.Of(a.kind, a.change)})
	}
	answer, err := c.ask(ctx, id, endpoint, cluster, q)
	switch {
	case errors.Is(err, errRefused):
		return false, nil
	case err != nil:
		return false, err
	}
	refused := refusals(answer)
	if known {
		if missing, _, err = c.unreported(ctx, id, endpoint, cluster, want); err != nil {
			return false, err
		}
	} else { // it does not say what it was told: its answer has to do
		missing = slices.DeleteFunc(slices.Clone(want), func(a attrReport) bool {
			return !slices.Contains(refused, a.attr) && !slices.Contains(refused, zcl.NoAttr)
		})
	}
	// What comes first in the table is what the cluster is there for.
	return !slices.ContainsFunc(missing, func(a attrReport) bool { return a.attr == want[0].attr }), nil
}

// refusals are the attributes that a device does not report.
func refusals(answer zcl.Command) []zcl.Attr {
	var l []zcl.Attr
	if r, ok := answer.(zcl.ConfigureReportingResponse); ok {
		for _, rec := range r.Records {
			if rec.Status != zcl.Success {
				l = append(l, rec.Attr)
			}
		}
	}
	return l
}

// unreported reads back which attributes are not reported as they should be;
// known: the device tells.
func (c *Controller) unreported(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster, want []attrReport) (missing []attrReport, known bool, err error) {
	var q zcl.ReadReporting
	for _, a := range want {
		q.Records = append(q.Records, zcl.ReportingOf{Attr: a.attr})
	}
	answer, err := c.ask(ctx, id, endpoint, cluster, q)
	if err != nil && !errors.Is(err, errRefused) {
		return nil, false, err
	}
	r, known := answer.(zcl.ReadReportingResponse)
	for _, a := range want {
		if !slices.ContainsFunc(r.Records, func(is zcl.ReportingRecord) bool { return holds(a, is) }) {
			missing = append(missing, a)
		}
	}
	return missing, known, nil
}

// holds tells whether an attribute is reported about as often as it should be:
// some firmware rounds what it is told.
func holds(want attrReport, is zcl.ReportingRecord) bool {
	return is.Status == zcl.Success && is.Attr == want.attr && !is.Received && is.Max != 0 && int(is.Max) <= 2*int(want.max) && is.Min <= is.Max
}

// Groups that the hub hears.
const (
	// globalGroup is where remote controls speak to that nobody has bound (Zigbee
	// Cluster Library, 3.7.2.4.1).
	globalGroup = 0
	// boundGroup is what those are bound to that can be bound to nothing but a
	// group. It is Zigbee2MQTT's, too, whose remote controls need not be bound anew.
	boundGroup = 901
)

var groups = []uint16{globalGroup, boundGroup}

// bind has a device send what a cluster says to the hub. One that refuses may know
// better.
func (c *Controller) bind(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster) error {
	err := c.bindTo(ctx, id, zdo.Binding{SourceEndpoint: endpoint, Cluster: uint16(cluster), Target: c.address(), TargetEndpoint: hubEndpoint})
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

// bindSender does so with a device that sends commands: one that is bound to groups
// alone is bound to one that the hub is in.
func (c *Controller) bindSender(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster) error {
	err := c.bindTo(ctx, id, zdo.Binding{SourceEndpoint: endpoint, Cluster: uint16(cluster), Target: c.address(), TargetEndpoint: hubEndpoint})
	if errors.Is(err, errRefused) {
		err = c.bindTo(ctx, id, zdo.Binding{SourceEndpoint: endpoint, Cluster: uint16(cluster), ToGroup: true, Group: boundGroup})
	}
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

func (c *Controller) bindTo(ctx context.Context, id IEEE, b zdo.Binding) error {
	b.Source = uint64(id)
	_, err := answerTo[zdo.StatusResponse](ctx, c, id, zdo.BindRequest{Binding: b})
	return err
}

// address is the stick's.
func (c *Controller) address() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(c.info.IEEE)
}

// estranged tells that a device was told to report to another stick than this
// one, or that nobody knows to which: bindings, reporting and zones are then told
// anew. The lock is held.
func (c *Controller) estranged(n *node) bool { return n.Studied && n.Hub != c.info.IEEE }

// estrange forgets what a device was told by another stick. The lock is held.
func (n *node) estrange() {
	n.recheck()
	if n.Hub == 0 { // it was studied by a hub that did not note it
		return
	}
	for _, e := range n.Endpoints {
		if e.Zone.Enrolled {
			e.Zone.Enrolled = false
			n.setEndpoint(e)
		}
	}
}

// recheck has what a device was told looked at again: when it is next heard, if
// it sleeps. The lock is held.
func (n *node) recheck() {
	if !n.Studied {
		return
	}
	n.doubted, n.next = true, time.Time{}
	if n.sleeper() {
		n.next = time.Now().Add(unheard)
	}
}

// unheard is when a device is studied again of which it is known well enough what
// it is, and which has not been heard meanwhile.
const unheard = 24 * time.Hour

// spoke notes what a device reported, and doubts a configuration by which nothing
// comes. The lock is held.
func (c *Controller) spoke(n *node, now time.Time, endpoint byte, cluster zcl.Cluster, cmd zcl.Command) {
	switch cmd.(type) {
	case zcl.ReportAttributes, zcl.LockOperation:
		if n.says == nil {
			n.says = make(map[say]time.Time)
		}
		n.says[say{endpoint, cluster}] = now
	}
	if n.Studied && !n.doubted && now.Sub(n.checked) >= recheckAfter && n.fellSilent(now) {
		n.recheck()
	}
}

// fellSilent tells whether a cluster of the device has reported nothing for far
// longer than it should since it was looked at last, or since the stick is up.
func (n *node) fellSilent(now time.Time) bool {
	for _, e := range n.Endpoints {
		for _, r := range reported {
			if !slices.Contains(e.Bound, r.cluster) || slices.Contains(e.Polled, r.cluster) {
				continue
			}
			last := n.says[say{e.ID, r.cluster}]
			if last.Before(n.checked) {
				last = n.checked
			}
			if now.Sub(last) > silentTimes*time.Duration(r.attrs[0].max)*time.Second {
				return true
			}
		}
	}
	return false
}

// pollEvery is how often it is looked whom to ask who does not report.
const pollEvery = 30 * time.Second

// keepPolling asks listening devices for what they refuse to report. One that
// sleeps is asked when it is heard.
func (c *Controller) keepPolling(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c.mu.Lock()
			var all []poll
			for _, n := range c.nodes {
				if n.Listening {
					all = append(all, n.due(now)...)
				}
			}
			c.mu.Unlock()
			c.poll(all)
		}
	}
}

// poll is a question for what is not reported.
type poll struct {
	device   IEEE
	endpoint byte
	cluster  zcl.Cluster
	attrs    []zcl.Attr
}

// due are the questions for which it is time, which are then taken for asked. The
// lock is held.
func (n *node) due(now time.Time) []poll {
	var all []poll
	for _, e := range n.Endpoints {
		for _, r := range reported {
			at := say{e.ID, r.cluster}
			if !slices.Contains(e.Polled, r.cluster) || now.Sub(n.polled[at]) < r.poll {
				continue
			}
			if n.polled == nil {
				n.polled = make(map[say]time.Time)
			}
			n.polled[at] = now
			p := poll{device: n.IEEE, endpoint: e.ID, cluster: r.cluster}
			for _, a := range r.attrs {
				p.attrs = append(p.attrs, a.attr)
			}
			all = append(all, p)
		}
	}
	return all
}

func (c *Controller) poll(all []poll) {
	for _, p := range all {
		c.Send(p.device, p.endpoint, p.cluster, zcl.ReadAttributes{Attrs: p.attrs}, LanePoll, func(error) {})
	}
}
