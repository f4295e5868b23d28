package zwave

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

// Interview limits.
const (
	studyAttempts = 5                // of one stage, before a long pause
	studyPause    = 10 * time.Second // after the first failure; doubled after each further one
	studyRest     = time.Hour        // after the last
	reportTime    = 2 * time.Second  // 1 s for the node, and the way back
	nodeInfoTime  = 5 * time.Second
	studyAsleep   = 2  // interviews of nodes that have just woken up, at once
	tonesMost     = 64 // of which a siren is asked; those on sale have 30
)

// errUnanswered says that a node acknowledged a question but did not answer it.
var errUnanswered = errors.New("zwave: the node did not answer")

// waiter waits for one report of a node.
type waiter struct {
	node     NodeID
	endpoint byte
	match    func(cc.Command) bool
	answer   chan cc.Command // one place
}

// keepStudying interviews nodes: those that listen one at a time, so that the
// air stays free, and those that have just woken up at once, for they will not
// wait.
func (c *Controller) keepStudying(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-c.studies:
		case <-ctx.Done():
			return
		}
		for n := c.pick(); n != nil; n = c.pick() {
			wg.Go(func() { c.study(ctx, n) })
		}
	}
}

func desk(n *node) int {
	if n.Sleeps() {
		return 0
	}
	return 1
}

// pick finds a node to be interviewed now.
func (c *Controller) pick() *node {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phaseReady {
		return nil
	}
	now := time.Now()
	limits := [2]int{studyAsleep, 1}
	for _, id := range c.nodeIDs() {
		n := c.nodes[id]
		if n.Stage == StageDone || n.studied || n.resting() || n.State == StateDead || now.Before(n.again) ||
			c.studying[desk(n)] >= limits[desk(n)] {
			continue
		}
		n.studied = true
		c.studying[desk(n)]++
		return n
	}
	return nil
}

// study takes a node through its stages as far as they go now.
func (c *Controller) study(ctx context.Context, n *node) {
	at := desk(n)
	var err error
	for err == nil {
		c.mu.Lock()
		stage := n.Stage
		c.mu.Unlock()
		if stage == StageDone {
			break
		}
		err = c.stage(ctx, n, stage)
		now := c.lock()
		if err == nil && n.Stage == stage { // else Interview was called meanwhile
			n.Stage, n.Attempts = following(stage), 0
			c.changed(n)
			c.emit(NodeChanged{n.snapshot()})
		}
		c.unlock(now)
	}
	now := c.lock()
	n.studied = false
	c.studying[at]--
	switch {
	case err == nil:
		c.joined(now, n)
	case ctx.Err() != nil, errors.Is(err, errAsleep), errors.Is(err, ErrDown), errors.Is(err, ErrNoNode):
	default:
		n.Attempts++
		pause := studyPause << (n.Attempts - 1)
		if n.Attempts >= studyAttempts {
			n.Attempts, pause = 0, studyRest
		}
		c.log.Info("interview put off", "node", n.ID, "stage", n.Stage, "for", pause, "err", err)
		n.again = now.Add(pause)
		c.agenda.add(n.again, func(time.Time) { poke(c.studies) })
		c.changed(n)
	}
	c.stayAwake(now, n)
	poke(c.studies)
	c.unlock(now)
}

func following(s Stage) Stage {
	order := [...]Stage{StageProtocol, StageClasses, StageIdentity, StageLifeline, StageAbilities, StageValues, StageDone}
	if i := slices.Index(order[:], s); i >= 0 && i+1 < len(order) {
		return order[i+1]
	}
	return StageDone
}

// stage carries one stage out. A question that is acknowledged but not
// answered is asked twice and then passed over; one that is not even
// acknowledged ends the stage.
func (c *Controller) stage(ctx context.Context, n *node, s Stage) error {
	switch s {
	case StageProtocol:
		return c.learnProtocol(ctx, n)
	case StageClasses:
		return c.learnClasses(ctx, n)
	case StageIdentity:
		return c.learnIdentity(ctx, n)
	case StageLifeline:
		return c.setLifeline(ctx, n)
	case StageAbilities:
		return c.learnAbilities(ctx, n)
	case StageValues:
		return c.learnValues(ctx, n)
	default:
		return nil
	}
}

// question asks a node and waits for the report that match accepts.
func (c *Controller) question(ctx context.Context, n *node, q cc.Command, match func(cc.Command) bool) (cc.Command, error) {
	w := &waiter{node: n.ID, match: match, answer: make(chan cc.Command, 1)}
	sent := make(chan error, 1)
	now := c.lock()
	c.waiters = append(c.waiters, w)
	c.submit(now, &command{
		node: n.ID, payload: q.Append(nil), lane: LaneInterview, options: serialapi.TxDefault,
		dones: []func(error){func(err error) { sent <- err }},
	})
	c.unlock(now)
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiters = slices.DeleteFunc(c.waiters, func(o *waiter) bool { return o == w })
	}()
	select {
	case r := <-w.answer:
		return r, nil
	case err := <-sent:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	limit := time.NewTimer(reportTime)
	defer limit.Stop()
	select {
	case r := <-w.answer:
		return r, nil
	case <-limit.C:
		return nil, fmt.Errorf("zwave: node %d: %s: %w", n.ID, q.Class(), errUnanswered)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ask asks for a report of type R, and hands it to learn with the lock held.
func ask[R cc.Command](ctx context.Context, c *Controller, n *node, q cc.Command, match func(R) bool, learn func(R)) error {
	var err error
	for range 2 {
		var r cc.Command
		r, err = c.question(ctx, n, q, func(cmd cc.Command) bool {
			r, ok := cmd.(R)
			return ok && (match == nil || match(r))
		})
		if err == nil {
			c.mu.Lock()
			learn(r.(R))
			c.mu.Unlock()
			return nil
		}
		if !errors.Is(err, errUnanswered) {
			return err
		}
	}
	c.log.Debug("question passed over", "node", n.ID, "err", err)
	return nil
}

// command tells a node something as part of its interview.
func (c *Controller) command(ctx context.Context, n *node, cmd cc.Command) error {
	sent := make(chan error, 1)
	now := c.lock()
	c.submit(now, &command{
		node: n.ID, payload: cmd.Append(nil), lane: LaneInterview, options: serialapi.TxDefault,
		dones: []func(error){func(err error) { sent <- err }},
	})
	c.unlock(now)
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// speaks tells whether the node has a class in at least a version; a version
// that it did not tell is taken to be high enough.
func (c *Controller) speaks(n *node, class cc.Class, version byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := n.Classes[class]
	return ok && (v == 0 || v >= version)
}

func (c *Controller) learnProtocol(ctx context.Context, n *node) error {
	b, err := c.do(ctx, request{
		lane: LaneInterview, function: serialapi.GetProtocolInfo, payload: c.ids.Append(nil, uint16(n.ID)), respond: true,
	})
	if err != nil {
		return err
	}
	p, err := serialapi.ParseProtocolInfo(b)
	if err != nil {
		return fmt.Errorf("zwave: node %d: %w", n.ID, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n.know(p)
	if !n.Sleeps() && n.State == StateAwake { // it has just joined
		n.State = StateAlive
	}
	return nil
}

func (c *Controller) learnClasses(ctx context.Context, n *node) error {
	ch := make(chan serialapi.NodeInfo, 1)
	c.mu.Lock()
	known := len(n.Classes) > 0
	if !known {
		c.infos[n.ID] = ch
	}
	c.mu.Unlock()
	if known {
		return nil
	}
	defer func() {
		c.mu.Lock()
		delete(c.infos, n.ID)
		c.mu.Unlock()
	}()
	if _, err := c.do(ctx, request{
		lane: LaneInterview, function: serialapi.RequestNodeInfo, payload: c.ids.Append(nil, uint16(n.ID)), respond: true, accept: accepted,
	}); err != nil {
		return fmt.Errorf("zwave: node %d: %w", n.ID, err)
	}
	limit := time.NewTimer(nodeInfoTime)
	defer limit.Stop()
	select {
	case info := <-ch:
		if info.Generic == 0 {
			return fmt.Errorf("zwave: node %d: node information: %w", n.ID, ErrNoAck)
		}
		return nil // updated has seen to it
	case <-limit.C:
		return fmt.Errorf("zwave: node %d: node information: %w", n.ID, errUnanswered)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// updated takes news of a node from the stick.
func (c *Controller) updated(now time.Time, u serialapi.Update) {
	switch u.Status {
	case serialapi.UpdateNodeInfo:
		n := c.nodes[NodeID(u.Node)]
		if n == nil {
			return
		}
		c.answers(now, n)
		c.describe(n, u.Info)
		if ch := c.infos[n.ID]; ch != nil {
			delete(c.infos, n.ID)
			ch <- u.Info
		} else {
			c.woke(now, n) // someone pressed its button
		}
	case serialapi.UpdateNodeInfoFail: // does not say whose
		for id, ch := range c.infos {
			delete(c.infos, id)
			ch <- serialapi.NodeInfo{}
		}
	case serialapi.UpdateRemoved:
		if n := c.nodes[NodeID(u.Node)]; n != nil {
			c.forget(n, "excluded")
		}
	case serialapi.UpdateSUC, serialapi.UpdateIncluded, serialapi.UpdateSmartStart, serialapi.UpdateSmartIncl:
	default:
		c.count.unexpected.Add(1)
	}
}

// describe takes what a node says of itself.
func (c *Controller) describe(n *node, info serialapi.NodeInfo) {
	if info.Generic == 0 {
		return
	}
	n.Basic, n.Generic, n.Specific = info.Basic, info.Generic, info.Specific
	if n.Classes == nil {
		n.Classes = make(map[cc.Class]byte)
	}
	for _, class := range info.Supported() {
		if _, ok := n.Classes[cc.Class(class)]; !ok {
			n.Classes[cc.Class(class)] = 0
		}
	}
	c.changed(n)
}

func (c *Controller) learnIdentity(ctx context.Context, n *node) error {
	if c.speaks(n, cc.ZWavePlusInfo, 1) {
		if err := ask(ctx, c, n, cc.ZWavePlusGet{}, nil, func(r cc.ZWavePlusReport) {
			n.PlusRole, n.PlusIcon = r.Role, r.InstallerIcon
		}); err != nil {
			return err
		}
	}
	if c.speaks(n, cc.ManufacturerSpecific, 1) {
		if err := ask(ctx, c, n, cc.ManufacturerGet{}, nil, func(r cc.ManufacturerReport) {
			n.Maker, n.Type, n.Product = r.Maker, r.ProductType, r.Product
		}); err != nil {
			return err
		}
	}
	if !c.speaks(n, cc.Version, 1) {
		return nil
	}
	if err := ask(ctx, c, n, cc.VersionGet{}, nil, func(r cc.VersionReport) {
		n.Firmware = fmt.Sprintf("%d.%d", r.Firmware, r.FirmwareSub)
		n.Protocol = fmt.Sprintf("%d.%d", r.Protocol, r.ProtocolSub)
	}); err != nil {
		return err
	}
	for _, class := range [...]cc.Class{
		cc.BinarySwitch, cc.BinarySensor, cc.MultilevelSensor, cc.Supervision, cc.EntryControl, cc.Notification,
		cc.SoundSwitch, cc.Battery, cc.WakeUp, cc.Association, cc.Indicator, cc.MultiChannel, cc.DoorLock, cc.CentralScene,
	} {
		c.mu.Lock()
		v, ok := n.Classes[class]
		c.mu.Unlock()
		if !ok || v != 0 {
			continue
		}
		if err := ask(ctx, c, n, cc.VersionClassGet{Of: class}, func(r cc.VersionClassReport) bool { return r.Of == class },
			func(r cc.VersionClassReport) { n.Classes[class] = max(r.Version, 1) }); err != nil {
			return err
		}
	}
	return nil
}

// setLifeline has the node report to this controller, and wake up for it.
func (c *Controller) setLifeline(ctx context.Context, n *node) error {
	c.mu.Lock()
	self := byte(c.info.NodeID)
	want := uint32(c.opt.WakeInterval / time.Second)
	c.mu.Unlock()
	if c.speaks(n, cc.Association, 1) {
		member := func(r cc.AssociationReport) { n.Lifeline = n.Lifeline || slices.Contains(r.Nodes, self) }
		group := func(r cc.AssociationReport) bool { return r.Group == cc.Lifeline }
		get := cc.AssociationGet{Group: cc.Lifeline}
		if err := ask(ctx, c, n, get, group, member); err != nil {
			return err
		}
		c.mu.Lock()
		done := n.Lifeline
		c.mu.Unlock()
		if !done {
			if err := c.command(ctx, n, cc.AssociationSet{Group: cc.Lifeline, Nodes: []byte{self}}); err != nil && !errors.Is(err, ErrUnconfirmed) {
				return err
			}
			if err := ask(ctx, c, n, get, group, member); err != nil {
				return err
			}
		}
	}
	if !n.Sleeps() || !c.speaks(n, cc.WakeUp, 1) {
		return nil
	}
	if c.speaks(n, cc.WakeUp, 2) {
		if err := ask(ctx, c, n, cc.WakeUpCapabilitiesGet{}, nil, func(r cc.WakeUpCapabilitiesReport) { want = r.Nearest(want) }); err != nil {
			return err
		}
	}
	if err := c.command(ctx, n, cc.WakeUpIntervalSet{Seconds: want, Node: self}); err != nil {
		return err
	}
	return ask(ctx, c, n, cc.WakeUpIntervalGet{}, nil, func(r cc.WakeUpIntervalReport) { n.WakeInterval = r.Seconds })
}

func (c *Controller) learnAbilities(ctx context.Context, n *node) error {
	if c.speaks(n, cc.Notification, 2) {
		var types []byte
		if err := ask(ctx, c, n, cc.NotificationSupportedGet{}, nil, func(r cc.NotificationSupportedReport) {
			types = r.Types
			n.Notifications = make(map[byte][]byte)
			for _, t := range types {
				n.Notifications[t] = nil
			}
		}); err != nil {
			return err
		}
		if !c.speaks(n, cc.Notification, 3) {
			types = nil
		}
		for _, t := range types {
			if err := ask(ctx, c, n, cc.NotificationEventSupportedGet{Type: cc.NotificationType(t)},
				func(r cc.NotificationEventSupportedReport) bool { return byte(r.Type) == t },
				func(r cc.NotificationEventSupportedReport) { n.Notifications[t] = r.Events }); err != nil {
				return err
			}
		}
	}
	if c.speaks(n, cc.BinarySensor, 2) {
		if err := ask(ctx, c, n, cc.BinarySensorSupportedGet{}, nil, func(r cc.BinarySensorSupportedReport) {
			n.Sensors = slices.DeleteFunc(r.Sensors, func(b byte) bool { return b == 0 })
		}); err != nil {
			return err
		}
	}
	if c.speaks(n, cc.SoundSwitch, 1) {
		if err := c.learnTones(ctx, n); err != nil {
			return err
		}
	}
	if c.speaks(n, cc.EntryControl, 1) {
		if err := ask(ctx, c, n, cc.EntryControlEventSupportedGet{}, nil, func(r cc.EntryControlEventSupportedReport) { n.EntryEvents = r.Events }); err != nil {
			return err
		}
	}
	if c.speaks(n, cc.Indicator, 2) {
		found := make(map[byte][]byte)
		for next, i := byte(0), 0; i < 64; i++ {
			id := next
			next = 0
			if err := ask(ctx, c, n, cc.IndicatorSupportedGet{Indicator: id}, nil, func(r cc.IndicatorSupportedReport) {
				if r.Indicator != 0 && (id == 0 || r.Indicator == id) {
					found[r.Indicator] = r.Properties
				}
				next = r.Next
			}); err != nil {
				return err
			}
			if next == 0 {
				break
			}
		}
		c.mu.Lock()
		n.Indicators = found
		c.mu.Unlock()
	}
	return nil
}

// learnTones asks a siren what it can play. Names are what tells a fire alarm
// from a door bell.
func (c *Controller) learnTones(ctx context.Context, n *node) error {
	var count byte
	if err := ask(ctx, c, n, cc.SoundSwitchTonesNumberGet{}, nil, func(r cc.SoundSwitchTonesNumberReport) { count = min(r.Tones, tonesMost) }); err != nil {
		return err
	}
	var tones []Tone
	for i := byte(1); i <= count; i++ {
		if err := ask(ctx, c, n, cc.SoundSwitchToneInfoGet{Tone: i}, func(r cc.SoundSwitchToneInfoReport) bool { return r.Tone == i },
			func(r cc.SoundSwitchToneInfoReport) {
				tones = append(tones, Tone{Number: i, Seconds: r.Seconds, Name: r.Name})
			}); err != nil {
			return err
		}
	}
	c.mu.Lock()
	n.Tones = tones
	c.mu.Unlock()
	return ask(ctx, c, n, cc.SoundSwitchConfigurationGet{}, nil, func(r cc.SoundSwitchConfigurationReport) {
		n.DefaultTone, n.Volume = r.Tone, r.Volume
	})
}

func (c *Controller) learnValues(ctx context.Context, n *node) error {
	c.mu.Lock()
	questions := n.questions()
	if len(questions) == 0 && !n.Sleeps() {
		questions = []cc.Command{cc.BasicGet{}}
	}
	c.mu.Unlock()
	for _, q := range questions {
		if _, err := c.question(ctx, n, q, func(r cc.Command) bool { return answersTo(q, r) }); err != nil && !errors.Is(err, errUnanswered) {
			return err
		}
	}
	return nil
}

// answersTo tells whether a report is the answer to a question about state.
func answersTo(q, r cc.Command) bool {
	switch q := q.(type) {
	case cc.NotificationGet:
		r, ok := r.(cc.NotificationReport)
		return ok && r.Type == q.Type
	case cc.BinarySensorGet:
		r, ok := r.(cc.BinarySensorReport)
		return ok && (r.Sensor == q.Sensor || q.Sensor == cc.SensorAny)
	default:
		return r.Class() == q.Class()
	}
}

// Interview asks a node everything anew, as after an update of its firmware.
// A node that sleeps is asked when it wakes up.
func (c *Controller) Interview(id NodeID) error {
	now := c.lock()
	defer c.leave(now)
	n := c.nodes[id]
	if n == nil {
		return fmt.Errorf("zwave: node %d: %w", id, ErrNoNode)
	}
	n.Stage, n.Attempts, n.again = StageProtocol, 0, time.Time{}
	n.Classes, n.Lifeline = make(map[cc.Class]byte), false
	c.changed(n)
	poke(c.studies)
	return nil
}
