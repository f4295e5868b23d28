package registry

import (
	"strconv"

	"gatehouse/hub/home"
)

// readingEvent is the journal's line for a reading.
func readingEvent(in home.Reading, at home.Time, name string, zone home.ZoneID) home.Event {
	value, err := in.Value.MarshalJSON()
	if err != nil {
		value = []byte("null")
	}
	data := make([]byte, 0, 64)
	data = append(data, `{"trait":`...)
	data = strconv.AppendQuote(data, string(in.Trait))
	data = append(data, `,"value":`...)
	data = append(data, value...)
	data = append(data, '}')
	return home.Event{
		At: at, Kind: home.KindReading, Device: in.Device, Zone: zone,
		Text: Sentence(name, in.Trait, in.Value), Data: data,
	}
}

// said holds what a true and a false reading of a trait are called.
var said = map[home.Trait][2]string{
	home.Motion:     {" saw someone move", " sees no more movement"},
	home.Smoke:      {" smells smoke", " smells no more smoke"},
	home.CO:         {" measures carbon monoxide", " measures no more carbon monoxide"},
	home.Gas:        {" smells gas", " smells no more gas"},
	home.Water:      {" is wet", " is dry again"},
	home.Vibration:  {" was shaken", " is still again"},
	home.Glass:      {" heard glass break", " hears no more glass"},
	home.Tamper:     {": its cover was opened, or it was moved", ": its cover is closed again"},
	home.Occupancy:  {" sees someone", " sees nobody any more"},
	home.Trouble:    {" reports a fault", " reports no more fault"},
	home.LowBattery: {" has a low battery", " does not warn of its battery"},
}

// units follow the number of a measuring trait.
var units = map[home.Trait]string{
	home.Battery: " %", home.Level: " %", home.Cover: " % open", home.Link: " %", home.Humidity: " %",
	home.Temperature: " °C", home.Illuminance: " lx", home.Power: " W", home.Energy: " kWh",
	home.Voltage: " V", home.Current: " A", home.Restless: " %",
}

// Sentence tells a reading in words.
func Sentence(name string, t home.Trait, v home.Value) string {
	if words, ok := said[t]; ok {
		if v == home.True {
			return name + words[0]
		}
		return name + words[1]
	}
	switch t {
	case home.Contact:
		if v == home.Open {
			return name + " opened"
		}
		return name + " closed"
	case home.Switch, home.Siren:
		return name + " is " + v.String()
	case home.Lock:
		return name + " is " + v.String()
	case home.Button:
		return name + " was pressed: " + v.String()
	default:
		return name + ": " + string(t) + " " + v.String() + units[t]
	}
}
