package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// Command asks a device for something and returns at once with the id under
// which a later journal line says whether it was done.
func (r *Registry) Command(cmd home.Command, by string) (string, error) {
	r.mu.RLock()
	d, ok := r.devices[cmd.Device]
	var radio Radio
	var name string
	has, sounds := false, false
	if ok {
		radio, name = r.radios[d.Radio], d.Name
		_, has = d.Traits[cmd.Trait]
		sounds = d.Sounder != nil && cmd.Trait == home.Siren
	}
	r.mu.RUnlock()
	switch {
	case !ok:
		return "", &home.NotFound{What: "device", ID: string(cmd.Device)}
	case !has:
		return "", &home.Invalid{Field: "trait", Reason: fmt.Sprintf("%s has no trait %q", name, cmd.Trait)}
	case radio == nil:
		return "", &home.Invalid{Field: "device", Reason: name + " can't be told anything"}
	}
	if err := checkCommand(cmd); err != nil {
		return "", err
	}
	if cmd.Sound.For != 0 && !sounds {
		return "", &home.Invalid{Field: "for", Reason: "only a siren is told for how long"}
	}
	cmd.ID = fmt.Sprintf("c%d", r.commands.Add(1))
	done := func(err error) { r.told(cmd, name, by, err) }
	if sounds {
		if err := r.o.Sirens.Ask(cmd, done); err != nil {
			return "", err
		}
		return cmd.ID, nil
	}
	radio.Command(cmd, done)
	return cmd.ID, nil
}

// Tell sends a command on behalf of the hub itself, without waiting. done is
// called once. The journal says what came of it, as for Command, unless the
// command is a quiet one.
func (r *Registry) Tell(cmd home.Command, done func(error)) {
	r.mu.RLock()
	d, ok := r.devices[cmd.Device]
	var radio Radio
	var name string
	if ok {
		radio, name = r.radios[d.Radio], d.Name
	}
	r.mu.RUnlock()
	if radio == nil {
		done(&home.NotFound{What: "device", ID: string(cmd.Device)})
		return
	}
	cmd.ID = fmt.Sprintf("c%d", r.commands.Add(1))
	radio.Command(cmd, func(err error) {
		if !cmd.Quiet {
			r.told(cmd, name, "", err)
		}
		done(err)
	})
}

// checkCommand refuses values that the trait cannot have.
func checkCommand(cmd home.Command) error {
	wants := func(values ...home.Value) error {
		if slices.Contains(values, cmd.Value) {
			return nil
		}
		return &home.Invalid{Field: "value", Reason: fmt.Sprintf("%s can be %v, not %q", cmd.Trait, values, cmd.Value)}
	}
	switch cmd.Trait {
	case home.Switch, home.Siren:
		return wants(home.On, home.Off)
	case home.Lock:
		return wants(home.Locked, home.Unlocked)
	case home.Level, home.Cover:
		if cmd.Value.IsNumber() && cmd.Value.Float() >= 0 && cmd.Value.Float() <= 100 || cmd.Trait == home.Cover && cmd.Value == home.Stop {
			return nil
		}
		return &home.Invalid{Field: "value", Reason: fmt.Sprintf("%s can be 0 to 100", cmd.Trait)}
	default:
		return &home.Invalid{Field: "trait", Reason: fmt.Sprintf("%s can be read, not set", cmd.Trait)}
	}
}

// Ended writes down how a command ended that waited longer than whoever gave it:
// since before the hub started.
func (r *Registry) Ended(cmd home.Command, err error) {
	name := string(cmd.Device)
	if d, ok := r.Device(cmd.Device); ok {
		name = d.Name
	}
	r.told(cmd, name, "", err)
}

func (r *Registry) told(cmd home.Command, name, by string, err error) {
	result := struct {
		home.Command
		Result string `json:"result"`
		Why    string `json:"why,omitempty"`
	}{Command: cmd, Result: "done"}
	text := fmt.Sprintf("%s: %s set to %s.", name, cmd.Trait, cmd.Value)
	if err != nil {
		result.Result, result.Why = "failed", err.Error()
		text = fmt.Sprintf("%s: %s could not be set to %s.", name, cmd.Trait, cmd.Value)
	}
	data, merr := json.Marshal(result)
	if merr != nil {
		r.o.Log.Error("command result not encoded", "device", cmd.Device, "err", merr)
	}
	ev := home.Event{At: home.At(time.Now()), Kind: home.KindCommand, Device: cmd.Device, Text: text, Data: data}
	if by != "" {
		ev.Who = home.Who(by)
	}
	r.o.Journal.Add(ev)
}
