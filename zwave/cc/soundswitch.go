package cc

// Tones with a meaning of their own in SoundSwitchTonePlaySet.
const (
	ToneStop    byte = 0x00
	ToneDefault byte = 0xFF
)

// SoundSwitchTonesNumberGet asks how many tones there are.
type SoundSwitchTonesNumberGet struct{}

// SoundSwitchTonesNumberReport says how many: they are numbered from 1.
type SoundSwitchTonesNumberReport struct{ Tones byte }

// SoundSwitchToneInfoGet asks about one tone.
type SoundSwitchToneInfoGet struct{ Tone byte }

// SoundSwitchToneInfoReport names one tone; Seconds is how long it plays.
type SoundSwitchToneInfoReport struct {
	Tone    byte
	Seconds uint16
	Name    string // UTF-8 as the maker wrote it
}

// SoundSwitchConfigurationSet sets volume (0–100 %, 0xFF restores the last one)
// and default tone (0 leaves it).
type SoundSwitchConfigurationSet struct{ Volume, Tone byte }

// SoundSwitchConfigurationGet asks for both.
type SoundSwitchConfigurationGet struct{}

// SoundSwitchConfigurationReport says both.
type SoundSwitchConfigurationReport struct{ Volume, Tone byte }

// SoundSwitchTonePlaySet plays a tone, or stops. Volume is of version 2 (0: the
// configured one) and left out on the wire when 0.
type SoundSwitchTonePlaySet struct{ Tone, Volume byte }

// SoundSwitchTonePlayGet asks what is playing.
type SoundSwitchTonePlayGet struct{}

// SoundSwitchTonePlayReport says what is playing; Tone 0 is silence.
type SoundSwitchTonePlayReport struct{ Tone, Volume byte }

func parseSoundSwitch(p *params) Command {
	switch p.command {
	case 0x01:
		return SoundSwitchTonesNumberGet{}
	case 0x02:
		return SoundSwitchTonesNumberReport{p.byte()}
	case 0x03:
		return SoundSwitchToneInfoGet{p.byte()}
	case 0x04:
		return SoundSwitchToneInfoReport{p.byte(), p.uint16(), string(p.bytes(int(p.byte())))}
	case 0x05:
		return SoundSwitchConfigurationSet{p.byte(), p.byte()}
	case 0x06:
		return SoundSwitchConfigurationGet{}
	case 0x07:
		return SoundSwitchConfigurationReport{p.byte(), p.byte()}
	case 0x08:
		return SoundSwitchTonePlaySet{p.byte(), p.optional()}
	case 0x09:
		return SoundSwitchTonePlayGet{}
	case 0x0A:
		return SoundSwitchTonePlayReport{p.byte(), p.optional()}
	}
	return nil
}

// Class is Sound Switch.
func (SoundSwitchTonesNumberGet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchTonesNumberReport) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchToneInfoGet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchToneInfoReport) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchConfigurationSet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchConfigurationGet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchConfigurationReport) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchTonePlaySet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchTonePlayGet) Class() Class { return SoundSwitch }

// Class is Sound Switch.
func (SoundSwitchTonePlayReport) Class() Class { return SoundSwitch }

// Append writes the command.
func (SoundSwitchTonesNumberGet) Append(b []byte) []byte { return append(b, byte(SoundSwitch), 0x01) }

// Append writes the command.
func (c SoundSwitchTonesNumberReport) Append(b []byte) []byte {
	return append(b, byte(SoundSwitch), 0x02, c.Tones)
}

// Append writes the command.
func (c SoundSwitchToneInfoGet) Append(b []byte) []byte {
	return append(b, byte(SoundSwitch), 0x03, c.Tone)
}

// Append writes the command.
func (c SoundSwitchToneInfoReport) Append(b []byte) []byte {
	b = append(b, byte(SoundSwitch), 0x04, c.Tone, byte(c.Seconds>>8), byte(c.Seconds), byte(len(c.Name)))
	return append(b, c.Name...)
}

// Append writes the command.
func (c SoundSwitchConfigurationSet) Append(b []byte) []byte {
	return append(b, byte(SoundSwitch), 0x05, c.Volume, c.Tone)
}

// Append writes the command.
func (SoundSwitchConfigurationGet) Append(b []byte) []byte {
	return append(b, byte(SoundSwitch), 0x06)
}

// Append writes the command.
func (c SoundSwitchConfigurationReport) Append(b []byte) []byte {
	return append(b, byte(SoundSwitch), 0x07, c.Volume, c.Tone)
}

// Append writes the command.
func (c SoundSwitchTonePlaySet) Append(b []byte) []byte {
	return playing(append(b, byte(SoundSwitch), 0x08), c.Tone, c.Volume)
}

// Append writes the command.
func (SoundSwitchTonePlayGet) Append(b []byte) []byte { return append(b, byte(SoundSwitch), 0x09) }

// Append writes the command.
func (c SoundSwitchTonePlayReport) Append(b []byte) []byte {
	return playing(append(b, byte(SoundSwitch), 0x0A), c.Tone, c.Volume)
}

func playing(b []byte, tone, volume byte) []byte {
	if volume == 0 {
		return append(b, tone)
	}
	return append(b, tone, volume)
}
