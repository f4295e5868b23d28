package cc

// Indicators that keypads have lights and sounds for (SDS13781, Indicator
// Command Class; those from 0x80 on are the maker's own).
const (
	IndicatorArmed        byte = 0x01
	IndicatorDisarmed     byte = 0x02
	IndicatorReady        byte = 0x03
	IndicatorFault        byte = 0x04
	IndicatorBusy         byte = 0x05
	IndicatorEnterID      byte = 0x06
	IndicatorEnterPIN     byte = 0x07
	IndicatorCodeAccepted byte = 0x08
	IndicatorCodeRejected byte = 0x09
	IndicatorArmedHome    byte = 0x0A // "armed stay"
	IndicatorArmedAway    byte = 0x0B
	IndicatorAlarming     byte = 0x0C
	IndicatorAlarmBurglar byte = 0x0D
	IndicatorAlarmSmoke   byte = 0x0E
	IndicatorAlarmCO      byte = 0x0F
	IndicatorBypass       byte = 0x10 // "bypass challenge": something is open
	IndicatorEntryDelay   byte = 0x11
	IndicatorExitDelay    byte = 0x12
	IndicatorAlarmMedical byte = 0x13
	IndicatorAlarmWater   byte = 0x15
	IndicatorAlarmPanic   byte = 0x16
	IndicatorNode         byte = 0x50 // "identify yourself"
	IndicatorSound1       byte = 0x60 // 0x60–0x7F sounds 1–32
)

// Properties of an indicator.
const (
	PropertyMultilevel byte = 0x01 // 0–99, 0xFF on
	PropertyBinary     byte = 0x02
	PropertyPeriod     byte = 0x03 // tenths of a second
	PropertyCycles     byte = 0x04 // 0xFF: until stopped
	PropertyOnTime     byte = 0x05 // tenths of a second
	PropertyTimeoutMin byte = 0x06
	PropertyTimeoutSec byte = 0x07
	PropertySound      byte = 0x09 // volume 0–100
)

// IndicatorObject is one property of one indicator.
type IndicatorObject struct{ Indicator, Property, Value byte }

// IndicatorSet sets objects (version 2), or Value alone (version 1) when there
// are none.
type IndicatorSet struct {
	Value   Level
	Objects []IndicatorObject
}

// IndicatorGet asks for one indicator; 0 asks in the form of version 1.
type IndicatorGet struct{ Indicator byte }

// IndicatorReport says how an indicator is, in the forms of IndicatorSet.
type IndicatorReport struct {
	Value   Level
	Objects []IndicatorObject
}

// IndicatorSupportedGet asks about one indicator; 0 asks for the first.
type IndicatorSupportedGet struct{ Indicator byte }

// IndicatorSupportedReport lists the properties of one indicator and names the
// next one; 0 is the end.
type IndicatorSupportedReport struct {
	Indicator, Next byte
	Properties      []byte
}

func parseIndicator(p *params) Command {
	switch p.command {
	case 0x01:
		v, o := indicatorObjects(p)
		return IndicatorSet{v, o}
	case 0x02:
		return IndicatorGet{p.optional()}
	case 0x03:
		v, o := indicatorObjects(p)
		return IndicatorReport{v, o}
	case 0x04:
		return IndicatorSupportedGet{p.byte()}
	case 0x05:
		return IndicatorSupportedReport{p.byte(), p.byte(), p.bits(int(p.byte()&0x1F), 0)}
	}
	return nil
}

func indicatorObjects(p *params) (Level, []IndicatorObject) {
	v := Level(p.byte())
	var objects []IndicatorObject
	for range p.optional() & 0x1F {
		objects = append(objects, IndicatorObject{p.byte(), p.byte(), p.byte()})
		if p.reason != "" {
			break
		}
	}
	return v, objects
}

func appendIndicator(b []byte, v Level, objects []IndicatorObject) []byte {
	b = append(b, byte(v))
	if len(objects) == 0 {
		return b
	}
	b = append(b, byte(len(objects)&0x1F))
	for _, o := range objects {
		b = append(b, o.Indicator, o.Property, o.Value)
	}
	return b
}

// Class is Indicator.
func (IndicatorSet) Class() Class { return Indicator }

// Class is Indicator.
func (IndicatorGet) Class() Class { return Indicator }

// Class is Indicator.
func (IndicatorReport) Class() Class { return Indicator }

// Class is Indicator.
func (IndicatorSupportedGet) Class() Class { return Indicator }

// Class is Indicator.
func (IndicatorSupportedReport) Class() Class { return Indicator }

// Append writes the command.
func (c IndicatorSet) Append(b []byte) []byte {
	return appendIndicator(append(b, byte(Indicator), 0x01), c.Value, c.Objects)
}

// Append writes the command.
func (c IndicatorGet) Append(b []byte) []byte {
	b = append(b, byte(Indicator), 0x02)
	if c.Indicator != 0 {
		b = append(b, c.Indicator)
	}
	return b
}

// Append writes the command.
func (c IndicatorReport) Append(b []byte) []byte {
	return appendIndicator(append(b, byte(Indicator), 0x03), c.Value, c.Objects)
}

// Append writes the command.
func (c IndicatorSupportedGet) Append(b []byte) []byte {
	return append(b, byte(Indicator), 0x04, c.Indicator)
}

// Append writes the command.
func (c IndicatorSupportedReport) Append(b []byte) []byte {
	m := mask(c.Properties, 0)
	return append(append(b, byte(Indicator), 0x05, c.Indicator, c.Next, byte(len(m)&0x1F)), m...)
}
