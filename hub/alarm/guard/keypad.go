package guard

import (
	"context"
	"strconv"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// Keypad takes what a person did at a keypad. A code that came over a link that
// is not encrypted is refused: whoever listens knows it now. The keys for help
// work over any link. The code is never logged. Errors: those of SetMode.
func (g *Guard) Keypad(ctx context.Context, device home.DeviceID, encrypted bool, action alarm.KeypadAction, code string) error {
	if code != "" && !encrypted {
		g.mu.Lock()
		g.input(alarm.RefusedCode{Device: device})
		g.mu.Unlock()
		return &home.Invalid{Field: "code", Reason: "keypad " + string(device) + " has no encrypted link: add it to the house again with security"}
	}
	r := home.ModeRequest{Code: code, Channel: home.ByKeypad}
	switch action {
	case alarm.KeyArmAway:
		r.Mode = home.Away
	case alarm.KeyArmHome:
		r.Mode = home.Home
	case alarm.KeyArmNight:
		r.Mode = home.Night
	case alarm.KeyDisarm, alarm.KeyEnter:
		r.Mode = home.Disarmed
	case alarm.KeyPanic, alarm.KeyFire, alarm.KeyMedical:
		kind := map[alarm.KeypadAction]home.ZoneKind{
			alarm.KeyPanic: home.ZonePanic, alarm.KeyFire: home.ZoneFire, alarm.KeyMedical: home.ZoneMedical,
		}[action]
		return g.request(ctx, alarm.Panic{Kind: kind, Channel: home.ByKeypad, Device: device})
	default:
		return &home.Invalid{Field: "action", Reason: strconv.Quote(string(action)) + " is not a key that the panel knows"}
	}
	_, err := g.setMode(ctx, r, device)
	return err
}
