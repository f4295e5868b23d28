package rules

import (
	"math"
	"time"
)

// Place is where the house stands, in degrees; north and east are positive.
type Place struct{ Latitude, Longitude float64 }

// horizon is the height of the sun's centre when its upper edge is on the
// horizon: refraction 34' and the sun's half width 16', as almanacs have it.
const horizon = -50.0 / 60

// Sun is when the sun rises and sets on a day. The zero time stands for an
// event that this day has not: in a polar day or night neither comes.
type Sun struct{ Rise, Set time.Time }

// SunOn is the sun around the noon of a day of the calendar in zone. Where
// clock and sun agree badly, or far north in summer, the sun may set after
// midnight: that still is this day's sunset.
func (p Place) SunOn(year int, month time.Month, day int, zone *time.Location) Sun {
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	for range 2 { // the second time from within a minute of it
		noon = p.transitNear(noon)
	}
	return Sun{p.crossing(noon, -1), p.crossing(noon, 1)}
}

// Height is how high the sun's centre stands above the horizon, in degrees,
// without refraction; negative below.
func (p Place) Height(at time.Time) float64 {
	declination, _ := sunAt(at)
	lat := rad(p.Latitude)
	hour := rad(p.hourAngle(at))
	return deg(math.Asin(math.Sin(lat)*math.Sin(declination) + math.Cos(lat)*math.Cos(declination)*math.Cos(hour)))
}

// Dark tells whether the sun is below the horizon.
func (p Place) Dark(at time.Time) bool { return p.Height(at) < horizon }

// crossing is when the sun crosses the horizon before (-1) or after (1) noon.
// The sun's declination moves meanwhile, so its own at the crossing is used.
func (p Place) crossing(noon time.Time, side float64) time.Time {
	at := noon
	for range 4 { // near the polar circle each step still moves by a minute
		declination, _ := sunAt(at)
		lat := rad(p.Latitude)
		cos := (math.Sin(rad(horizon)) - math.Sin(lat)*math.Sin(declination)) / (math.Cos(lat) * math.Cos(declination))
		if !(cos >= -1 && cos <= 1) { // NaN at a pole
			return time.Time{}
		}
		want := side * deg(math.Acos(cos))
		at = at.Add(minutes(4 * wrap(want-p.hourAngle(at))))
	}
	return at
}

// transitNear is when the sun crosses the meridian, next to at.
func (p Place) transitNear(at time.Time) time.Time {
	return at.Add(minutes(-4 * p.hourAngle(at)))
}

// hourAngle is how far the sun is past the meridian, in degrees from -180 to 180.
func (p Place) hourAngle(at time.Time) float64 {
	_, equation := sunAt(at)
	at = at.UTC()
	clock := float64(at.Hour()*60+at.Minute()) + float64(at.Second())/60
	return wrap((clock+equation)/4 + p.Longitude - 180)
}

// sunAt is the sun's declination in radians and the equation of time in
// minutes: the low-accuracy formulas of Meeus, Astronomical Algorithms, chapter
// 25 and 28, as in the solar calculator of NOAA's Global Monitoring Laboratory
// (gml.noaa.gov/grad/solcalc/calcdetails.html).
func sunAt(at time.Time) (declination, equation float64) {
	julian := float64(at.Unix())/86400 + 2440587.5
	t := (julian - 2451545) / 36525 // centuries since J2000
	mean := rad(math.Mod(280.46646+t*(36000.76983+t*0.0003032), 360))
	anomaly := rad(357.52911 + t*(35999.05029-0.0001537*t))
	eccentricity := 0.016708634 - t*(0.000042037+0.0000001267*t)
	centre := math.Sin(anomaly)*(1.914602-t*(0.004817+0.000014*t)) +
		math.Sin(2*anomaly)*(0.019993-0.000101*t) + math.Sin(3*anomaly)*0.000289
	node := rad(125.04 - 1934.136*t)
	apparent := mean + rad(centre-0.00569-0.00478*math.Sin(node))
	obliquity := rad(23 + (26+(21.448-t*(46.815+t*(0.00059-t*0.001813)))/60)/60 + 0.00256*math.Cos(node))
	declination = math.Asin(math.Sin(obliquity) * math.Sin(apparent))
	y := math.Tan(obliquity/2) * math.Tan(obliquity/2)
	equation = 4 * deg(y*math.Sin(2*mean)-2*eccentricity*math.Sin(anomaly)+
		4*eccentricity*y*math.Sin(anomaly)*math.Cos(2*mean)-
		y*y/2*math.Sin(4*mean)-5*eccentricity*eccentricity/4*math.Sin(2*anomaly))
	return declination, equation
}

func rad(d float64) float64           { return d * math.Pi / 180 }
func deg(r float64) float64           { return r * 180 / math.Pi }
func wrap(d float64) float64          { return d - 360*math.Round(d/360) }
func minutes(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }
