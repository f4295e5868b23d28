package cc

// Multilevel sensor types that the house has traits for.
const (
	MultilevelTemperature byte = 0x01 // scale 0 °C, 1 °F
	MultilevelLuminance   byte = 0x03 // scale 0 %, 1 lx
	MultilevelPower       byte = 0x04 // scale 0 W, 1 Btu/h
	MultilevelHumidity    byte = 0x05 // scale 0 %, 1 g/m³
)

// MultilevelSensorGet asks for a report; Sensor 0 asks in the form of version 1.
type MultilevelSensorGet struct{ Sensor, Scale byte }

// MultilevelSensorReport is one measurement.
type MultilevelSensorReport struct {
	Sensor byte
	Scale  byte // 0–3, meaning hangs on the sensor
	Number Number
}

// Number is a signed decimal as the wire has it: Value / 10^Precision in Size
// bytes (1, 2 or 4).
type Number struct {
	Value     int32
	Precision byte // 0–7
	Size      byte
}

// Float is the number.
func (n Number) Float() float64 {
	f := float64(n.Value)
	for range n.Precision {
		f /= 10
	}
	return f
}

func (p *params) number(precision, size byte) Number {
	n := Number{Precision: precision, Size: size}
	switch size {
	case 1:
		n.Value = int32(int8(p.byte()))
	case 2:
		n.Value = int32(int16(p.uint16()))
	case 4:
		n.Value = int32(uint32(p.uint16())<<16 | uint32(p.uint16()))
	default:
		p.fail("size of value is not 1, 2 or 4")
	}
	return n
}

func (n Number) append(b []byte) []byte {
	switch n.Size {
	case 1:
		return append(b, byte(n.Value))
	case 2:
		return append(b, byte(n.Value>>8), byte(n.Value))
	default:
		return append(b, byte(n.Value>>24), byte(n.Value>>16), byte(n.Value>>8), byte(n.Value))
	}
}

func parseMultilevelSensor(p *params) Command {
	switch p.command {
	case 0x04:
		return MultilevelSensorGet{p.optional(), p.optional() >> 3 & 3}
	case 0x05:
		r := MultilevelSensorReport{Sensor: p.byte()}
		form := p.byte()
		r.Scale = form >> 3 & 3
		r.Number = p.number(form>>5, form&7)
		return r
	}
	return nil
}

// Class is Multilevel Sensor.
func (MultilevelSensorGet) Class() Class { return MultilevelSensor }

// Class is Multilevel Sensor.
func (MultilevelSensorReport) Class() Class { return MultilevelSensor }

// Append writes the command.
func (c MultilevelSensorGet) Append(b []byte) []byte {
	b = append(b, byte(MultilevelSensor), 0x04)
	if c.Sensor != 0 || c.Scale != 0 {
		b = append(b, c.Sensor, c.Scale&3<<3)
	}
	return b
}

// Append writes the command.
func (c MultilevelSensorReport) Append(b []byte) []byte {
	b = append(b, byte(MultilevelSensor), 0x05, c.Sensor, c.Number.Precision<<5|c.Scale&3<<3|c.Number.Size&7)
	return c.Number.append(b)
}
