package zigbeehome

import (
	"encoding/json"
	"errors"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// patience is how long a command waits for a device that sleeps, by what it is
// about.
//
// A door must not unlock, and a siren not sound, when whoever asked for it has
// gone or the alarm is over: both are given up after 15 s, which is two tries at
// what a parent keeps (7.68 s), and is tried anew by who still wants it. A shutter
// moves, and may meet somebody: a minute. A light that comes on late is a
// nuisance: five. What is not in the table is never told to one that sleeps.
var patience = map[home.Trait]time.Duration{
	home.Lock:   15 * time.Second,
	home.Siren:  15 * time.Second,
	home.Cover:  time.Minute,
	home.Switch: 5 * time.Minute,
	home.Level:  5 * time.Minute,
}

// tell sends a command at once to a device that listens, and has it wait for one
// that sleeps.
func (r *Radio) tell(d *zigbee.Device, endpoint byte, c zcl.Command, lane zigbee.Lane, cmd home.Command, done func(error)) {
	if d.Listening {
		r.stick.Send(d.IEEE, endpoint, c.Head().Cluster, c, lane, done)
		return
	}
	o := zigbee.NewOrder(d.IEEE, endpoint, c)
	o.Lane, o.Kind, o.At = lane, string(cmd.Trait), time.Now()
	o.Until, o.Secret = o.At.Add(patience[cmd.Trait]), cmd.Code != ""
	note, err := json.Marshal(cmd)
	if err != nil {
		done(err)
		return
	}
	o.Note = string(note)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ordered[r.stick.Order(o)] = done
}

// orderEnded tells who gave an order how it ended. One that was given before the
// hub started has nobody but the journal.
func (r *Radio) orderEnded(e zigbee.OrderEnded) {
	r.mu.Lock()
	done := r.ordered[e.Order.ID]
	delete(r.ordered, e.Order.ID)
	r.mu.Unlock()
	err := e.Err
	if errors.Is(err, zigbee.ErrTooLate) {
		err = errSleeps
	}
	if done != nil {
		done(err)
		return
	}
	if cmd, ok := noted(e.Order); ok {
		r.devices.Ended(cmd, err)
	}
}

var errSleeps = errors.New("zigbee: the device sleeps, and did not come for it in time; press its button and try again")

// noted is the command of an order.
func noted(o zigbee.Order) (home.Command, bool) {
	var cmd home.Command
	err := json.Unmarshal([]byte(o.Note), &cmd)
	return cmd, err == nil && cmd.Trait != ""
}

// waits shows what waits for a device.
func (r *Radio) waits(id zigbee.IEEE, orders []zigbee.Order) {
	var list []home.Waiting
	for _, o := range orders {
		if cmd, ok := noted(o); ok {
			list = append(list, home.Waiting{Trait: cmd.Trait, Value: cmd.Value, Since: home.At(o.At), Until: home.At(o.Until)})
		}
	}
	r.devices.SetWaiting(ID(id), list)
}

// problems are what keeps a device from doing what it is there for, although it
// was asked what it is.
func problems(d *zigbee.Device) []home.Problem {
	var list []home.Problem
	if !d.Studied {
		return nil
	}
	for _, e := range d.Endpoints {
		if e.Serves(zcl.IASZone) && !e.Zone.Enrolled && e.Zone.Type != zcl.TypeWarningDevice {
			list = append(list, home.NotEnrolled)
			break
		}
	}
	for _, e := range d.Endpoints {
		if len(e.Polled) > 0 {
			return append(list, home.NotReporting)
		}
	}
	return list
}
