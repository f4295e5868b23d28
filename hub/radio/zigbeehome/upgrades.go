package zigbeehome

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/ota"
	"gatehouse/zigbee/zcl"
)

// Figures of upgrades.
const (
	askAgain    = 60               // seconds after which a device asks again that is told to wait
	brokenAfter = 10 * time.Minute // without a part
	notifyEvery = time.Hour
	bootWithin  = time.Hour
	orderLasts  = 7 * 24 * time.Hour // that a sleeper is to ask: nothing is lost by asking late
)

// upgrade is a firmware on its way to a device.
type upgrade struct {
	home.Upgrade
	file     *ota.File
	notified time.Time
	heard    time.Time // the last part was asked for
}

// Schedule has a device told that there is a firmware for it; the device asks for
// it when it likes. It takes up what was scheduled before the hub started, too.
func (r *Radio) Schedule(id home.DeviceID, file *ota.File, older bool) error {
	a, ok := AddressOf(id)
	d := r.find(a)
	if !ok || d == nil {
		return fmt.Errorf("zigbee: device %s: %w", id, zigbee.ErrNoDevice)
	}
	if _, ok := d.Using(zcl.OTAUpgrade); !ok {
		return &home.Invalid{Field: "file", Reason: "this device takes no firmware by radio"}
	}
	u := &upgrade{file: file, Upgrade: home.Upgrade{File: file.SHA256, Version: version(file.Version), Older: older, State: home.UpgradeWaiting}}
	r.mu.Lock()
	r.upgrades[a] = u
	r.mu.Unlock()
	r.offer(d, u)
	return nil
}

func version(v uint32) string { return fmt.Sprintf("0x%08x", v) }

// Unschedule gives up a firmware. A device in the middle of it is told to stop, and
// runs what it ran.
func (r *Radio) Unschedule(id home.DeviceID) {
	a, _ := AddressOf(id)
	r.mu.Lock()
	delete(r.upgrades, a)
	r.mu.Unlock()
	r.devices.SetUpgrade(id, nil)
}

// offer tells a device that there is a firmware for it.
func (r *Radio) offer(d *zigbee.Device, u *upgrade) {
	e, _ := d.Using(zcl.OTAUpgrade)
	n := zcl.ImageNotify{Jitter: 100}
	r.mu.Lock()
	u.notified = time.Now()
	r.mu.Unlock()
	if d.Listening {
		r.stick.Send(d.IEEE, e.ID, zcl.OTAUpgrade, n, zigbee.LaneStudy, func(error) {})
		r.stands(d.IEEE, u, home.UpgradeWaiting, "The device was told and asks for it within minutes. If it does not, unplug it and plug it in again.")
		return
	}
	o := zigbee.NewOrder(d.IEEE, e.ID, n)
	o.Lane, o.Kind, o.At = zigbee.LaneStudy, "upgrade", time.Now()
	o.Until = o.At.Add(orderLasts)
	r.stick.Order(o)
	r.stands(d.IEEE, u, home.UpgradeWaiting, "The device sleeps and asks for it when it wakes. Press the button once that it was joined with.")
}

// stands shows how an upgrade stands.
func (r *Radio) stands(a zigbee.IEEE, u *upgrade, s home.UpgradeState, text string) {
	r.mu.Lock()
	if r.upgrades[a] != u {
		r.mu.Unlock()
		return
	}
	if u.State != s || u.Since.IsZero() {
		u.Since = home.At(time.Now())
	}
	u.State, u.Text = s, text
	now := u.Upgrade
	if s.Ended() {
		delete(r.upgrades, a)
	}
	r.mu.Unlock()
	r.devices.SetUpgrade(ID(a), &now)
}

// upgradeSays sees to what a device asks of firmware.
func (r *Radio) upgradeSays(e zigbee.Report) {
	answer := func(c zcl.Command) { r.stick.Answer(e, c, func(error) {}) }
	r.mu.Lock()
	u := r.upgrades[e.Device]
	r.mu.Unlock()
	switch q := e.Command.(type) {
	case zcl.QueryNextImage:
		answer(r.next(e.Device, u, q))
	case zcl.ImageBlockRequest:
		answer(r.block(e.Device, u, q))
	case zcl.ImagePageRequest: // it asks part by part then
		answer(zcl.DefaultResponse{Command: e.Frame.Command, Status: zcl.UnsupportedCommand})
	case zcl.UpgradeEndRequest:
		if c := r.fetched(e.Device, u, q); c != nil {
			answer(c)
			return
		}
		answer(zcl.DefaultResponse{Command: e.Frame.Command, Status: zcl.Success})
	}
}

// next answers whether there is a firmware.
func (r *Radio) next(a zigbee.IEEE, u *upgrade, q zcl.QueryNextImage) zcl.QueryNextImageResponse {
	none := zcl.QueryNextImageResponse{Status: zcl.NoImageAvailable}
	switch {
	case u == nil:
		return none
	case u.State == home.UpgradeInstalling && q.Version == u.file.Version:
		r.stands(a, u, home.UpgradeDone, "The device runs it.")
		return none
	}
	if err := u.file.Fits(q, u.Older); err != nil {
		why := err.Error()
		if unfit, ok := errors.AsType[*ota.Unfit](err); ok {
			why = unfit.Reason
		}
		r.stands(a, u, home.UpgradeFailed, "It was not offered: "+why+".")
		return none
	}
	if err := r.house.MayUpgrade(ID(a)); err != nil {
		r.stands(a, u, home.UpgradeWaiting, "The device asked for it, and "+err.Error()+". Let it ask again then.")
		return none
	}
	r.mu.Lock()
	for other, o := range r.upgrades {
		if other != a && (o.State == home.UpgradeRunning || o.State == home.UpgradePaused) {
			r.mu.Unlock()
			r.stands(a, u, home.UpgradeWaiting, "Another device fetches its firmware first. Then let this one ask again.")
			return none
		}
	}
	u.heard = time.Now()
	r.mu.Unlock()
	r.stands(a, u, home.UpgradeRunning, "The device fetches it. Leave it where it is.")
	return u.file.Offer()
}

// block answers with a part, or has the device wait while the house is guarded.
func (r *Radio) block(a zigbee.IEEE, u *upgrade, q zcl.ImageBlockRequest) zcl.ImageBlockResponse {
	if u == nil {
		return zcl.ImageBlockResponse{Status: zcl.Abort}
	}
	if r.house.Guarded() {
		r.mu.Lock()
		u.heard = time.Now()
		r.mu.Unlock()
		if u.State != home.UpgradePaused {
			r.stands(a, u, home.UpgradePaused, "It goes on when the house is disarmed.")
		}
		return ota.Wait(askAgain)
	}
	part, ok := u.file.Block(q)
	if !ok {
		return part
	}
	r.mu.Lock()
	u.heard = time.Now()
	percent := u.file.Percent(q.Offset)
	news := percent != u.Percent || u.State != home.UpgradeRunning
	u.Percent = percent
	r.mu.Unlock()
	if news {
		r.stands(a, u, home.UpgradeRunning, "The device fetches it. Leave it where it is.")
	}
	return part
}

// whenTold is the time of an upgrade that waits for another word; the device asks
// every hour (11.13.9.6).
const whenTold = 0xFFFFFFFF

// fetched hears how fetching ended; nil: it ended badly, or nobody wanted it.
func (r *Radio) fetched(a zigbee.IEEE, u *upgrade, q zcl.UpgradeEndRequest) zcl.Command {
	switch {
	case u == nil || q.Image != u.file.Image:
		return nil
	case q.Status != zcl.Success:
		r.stands(a, u, home.UpgradeFailed, fmt.Sprintf("The device did not take it: %s. It runs what it ran before.", q.Status))
		return nil
	case r.house.Guarded():
		r.stands(a, u, home.UpgradePaused, "It has all of it, and starts with it when the house is disarmed.")
		return zcl.UpgradeEndResponse{Image: q.Image, At: whenTold}
	}
	r.mu.Lock()
	u.Percent = 100
	r.mu.Unlock()
	r.stands(a, u, home.UpgradeInstalling, "The device starts with it.")
	r.stick.Reread(a)
	return zcl.UpgradeEndResponse{Image: q.Image}
}

// booted hears that a device says that it runs another firmware than before.
func (r *Radio) booted(a zigbee.IEEE) {
	r.mu.Lock()
	u := r.upgrades[a]
	r.mu.Unlock()
	if u != nil && u.State == home.UpgradeInstalling {
		r.stands(a, u, home.UpgradeDone, "The device runs it.")
	}
}

// SeeToUpgrades looks after firmwares that have come to a standstill. It is called
// every minute or so.
func (r *Radio) SeeToUpgrades(now time.Time) {
	type stuck struct {
		d *zigbee.Device
		u *upgrade
	}
	var again, lost []stuck
	r.mu.Lock()
	for a, u := range r.upgrades {
		d := r.known[a]
		if d == nil {
			continue
		}
		switch u.State {
		case home.UpgradeWaiting:
			if d.Listening && now.Sub(u.notified) >= notifyEvery {
				again = append(again, stuck{d, u})
			}
		case home.UpgradeRunning, home.UpgradePaused:
			if now.Sub(u.heard) >= brokenAfter {
				again = append(again, stuck{d, u})
			}
		case home.UpgradeInstalling:
			if now.Sub(u.Since.Time) >= bootWithin {
				lost = append(lost, stuck{d, u})
			}
		case home.UpgradeDone, home.UpgradeFailed:
		}
	}
	r.mu.Unlock()
	for _, s := range again {
		r.offer(s.d, s.u) // it names the offset at which it goes on
	}
	for _, s := range lost {
		r.stands(s.d.IEEE, s.u, home.UpgradeFailed, "The device has taken it and does not say that it runs it.")
	}
}
