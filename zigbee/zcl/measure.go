package zcl

import "math"

// MeasuredValue is the attribute of the clusters that measure one thing: of
// Temperature Int16 in 0.01 °C (4.4.2.2.1.1), of Humidity Uint16 in 0.01 %
// (4.7.2.1.1), of Illuminance Uint16 as [Lux] reads it (4.2.2.2.1.1).
const MeasuredValue Attr = 0x0000

// Lux is a measured illuminance. The attribute is 10,000 × log10 of it plus 1; 0
// is too dark to be measured.
func Lux(v Value) float64 {
	if v.N == 0 {
		return 0
	}
	return math.Pow(10, (float64(v.N)-1)/10000)
}

// OccupancyState is the attribute of Occupancy (4.8.2.2.1.1): Bitmap8, bit 0 is
// "occupied".
const OccupancyState Attr = 0x0000

// Attributes of Metering (10.4.2.2).
const (
	MeterSummation  Attr = 0x0000 // Uint48, what was delivered, in units by multiplier and divisor
	MeterUnit       Attr = 0x0300 // Enum8; MeterKWh or something else than electricity
	MeterMultiplier Attr = 0x0301 // Uint24
	MeterDivisor    Attr = 0x0302 // Uint24
)

// MeterKWh is the MeterUnit of electricity.
const MeterKWh = 0x00

// Attributes of Electrical Measurement (4.9.2.2).
const (
	RMSVoltage        Attr = 0x0505 // Uint16, V by multiplier and divisor
	RMSCurrent        Attr = 0x0508 // Uint16, A by multiplier and divisor
	ActivePower       Attr = 0x050B // Int16, W by multiplier and divisor
	VoltageMultiplier Attr = 0x0600 // Uint16, as are the next five
	VoltageDivisor    Attr = 0x0601
	CurrentMultiplier Attr = 0x0602
	CurrentDivisor    Attr = 0x0603
	PowerMultiplier   Attr = 0x0604
	PowerDivisor      Attr = 0x0605
)
