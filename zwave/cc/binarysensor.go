package cc

// SensorType is what a binary sensor watches for (version 2).
type SensorType byte

// Binary sensor types.
const (
	SensorAny        SensorType = 0x00 // version 1: the node does not say
	SensorGeneral    SensorType = 0x01
	SensorSmoke      SensorType = 0x02
	SensorCO         SensorType = 0x03
	SensorCO2        SensorType = 0x04
	SensorHeat       SensorType = 0x05
	SensorWater      SensorType = 0x06
	SensorFreeze     SensorType = 0x07
	SensorTamper     SensorType = 0x08
	SensorAux        SensorType = 0x09
	SensorDoorWindow SensorType = 0x0A
	SensorTilt       SensorType = 0x0B
	SensorMotion     SensorType = 0x0C
	SensorGlassBreak SensorType = 0x0D
	SensorFirst      SensorType = 0xFF // in a Get: whichever the node has first
)

// BinarySensorGet asks for a report; SensorAny asks in the form of version 1.
type BinarySensorGet struct{ Sensor SensorType }

// BinarySensorReport says whether the sensor has been set off.
type BinarySensorReport struct {
	Value  Level
	Sensor SensorType
}

// BinarySensorSupportedGet asks which sensors there are (version 2).
type BinarySensorSupportedGet struct{}

// BinarySensorSupportedReport lists the sensors of a node.
type BinarySensorSupportedReport struct{ Sensors []byte }

func parseBinarySensor(p *params) Command {
	switch p.command {
	case 0x01:
		return BinarySensorSupportedGet{}
	case 0x02:
		return BinarySensorGet{SensorType(p.optional())}
	case 0x03:
		return BinarySensorReport{Level(p.byte()), SensorType(p.optional())}
	case 0x04:
		return BinarySensorSupportedReport{p.bits(len(p.rest), 0)}
	}
	return nil
}

// Class is Binary Sensor.
func (BinarySensorGet) Class() Class { return BinarySensor }

// Class is Binary Sensor.
func (BinarySensorReport) Class() Class { return BinarySensor }

// Class is Binary Sensor.
func (BinarySensorSupportedGet) Class() Class { return BinarySensor }

// Class is Binary Sensor.
func (BinarySensorSupportedReport) Class() Class { return BinarySensor }

// Append writes the command.
func (c BinarySensorGet) Append(b []byte) []byte {
	b = append(b, byte(BinarySensor), 0x02)
	if c.Sensor != SensorAny {
		b = append(b, byte(c.Sensor))
	}
	return b
}

// Append writes the command.
func (c BinarySensorReport) Append(b []byte) []byte {
	b = append(b, byte(BinarySensor), 0x03, byte(c.Value))
	if c.Sensor != SensorAny {
		b = append(b, byte(c.Sensor))
	}
	return b
}

// Append writes the command.
func (BinarySensorSupportedGet) Append(b []byte) []byte { return append(b, byte(BinarySensor), 0x01) }

// Append writes the command.
func (c BinarySensorSupportedReport) Append(b []byte) []byte {
	return append(append(b, byte(BinarySensor), 0x04), mask(c.Sensors, 0)...)
}
