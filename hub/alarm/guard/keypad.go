package guard

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// challenge is an arming that a keypad was refused because something is open:
// asked again there, in time, it is done with that left out.
type challenge struct {
	mode home.Mode
	code alarm.Digest // that was right; zero when none was needed
	made time.Time    // with the monotonic clock
}

// Keypad takes what a person did at a keypad. A code that came over a link that
// is not encrypted is refused: whoever listens knows it now. The keys for help
// work over any link. The code is never logged. Errors: those of SetMode.
//
// An arming that is refused with *home.NotReady may be asked again within
// alarm.ChallengeTime at the same keypad, by bypass, by enter or by the same key
// without a code: what is open is then left out. Any other key but a touch ends
// that.
func (g *Guard) Keypad(ctx context.Context, device home.DeviceID, encrypted bool, action alarm.KeypadAction, code string) error {
	if action == alarm.KeyTouch {
		return nil
	}
	asked := g.challenged(device, encrypted)
	if code != "" && !encrypted {
		g.mu.Lock()
		g.input(alarm.RefusedCode{Device: device})
		g.mu.Unlock()
		return &home.Invalid{Field: "code", Reason: "keypad " + string(device) + " has no encrypted link: add it to the house again with security"}
	}
	in := alarm.SetMode{Request: home.ModeRequest{Channel: home.ByKeypad}, Device: device}
	r := &in.Request
	if g.o.AreaOf != nil {
		r.Area = g.o.AreaOf(device)
	}
	switch action {
	case alarm.KeyArmAway:
		r.Mode = home.Away
	case alarm.KeyArmHome:
		r.Mode = home.Home
	case alarm.KeyArmNight:
		r.Mode = home.Night
	case alarm.KeyEnter:
		if code == "" && asked != nil {
			r.Mode = asked.mode
			break
		}
		r.Mode = home.Disarmed
	case alarm.KeyDisarm:
		r.Mode = home.Disarmed
	case alarm.KeyTag:
		if code == "" || strings.Trim(code, "0123456789") != "" {
			return &home.Invalid{Field: "code", Reason: "what this tag says is not made of digits, and codes are"}
		}
		r.Mode = home.Disarmed
	case alarm.KeyBypass:
		if asked == nil {
			return &home.Conflict{Reason: "nothing was refused at this keypad in the last " + strconv.Itoa(int(alarm.ChallengeTime/time.Second)) + " seconds that could be done with zones left out: press an arming key first"}
		}
		r.Mode = asked.mode
	case alarm.KeyCancel:
		return nil
	case alarm.KeyPanic, alarm.KeyFire, alarm.KeyMedical:
		kind := map[alarm.KeypadAction]home.ZoneKind{
			alarm.KeyPanic: home.ZonePanic, alarm.KeyFire: home.ZoneFire, alarm.KeyMedical: home.ZoneMedical,
		}[action]
		return g.request(ctx, alarm.Panic{Kind: kind, Channel: home.ByKeypad, Device: device})
	case alarm.KeySilent:
		return g.request(ctx, alarm.Panic{Kind: home.ZonePanic, Silent: true, Channel: home.ByKeypad, Device: device})
	default:
		return &home.Invalid{Field: "action", Reason: strconv.Quote(string(action)) + " is not a key that the panel knows"}
	}
	if code != "" {
		in.Code = g.digest(code)
	} else if asked != nil && r.Mode == asked.mode {
		in.Code = asked.code
	}
	r.Force = asked != nil && r.Mode == asked.mode && (code == "" || action == alarm.KeyBypass)
	err := g.request(ctx, in)
	var notReady *home.NotReady
	if errors.As(err, &notReady) {
		g.mu.Lock()
		g.challenges[device] = challenge{r.Mode, in.Code, time.Now()}
		g.mu.Unlock()
	}
	return err
}

// challenged is the challenge that a keypad stands under, which is hereby over;
// nil when there is none. What a code began over an encrypted link is not ended
// in clear: whoever spoke then need not be whoever entered the code.
func (g *Guard) challenged(device home.DeviceID, encrypted bool) *challenge {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.challenges[device]
	delete(g.challenges, device)
	if !ok || time.Since(c.made) > alarm.ChallengeTime || !encrypted && !c.code.IsZero() {
		return nil
	}
	return &c
}
