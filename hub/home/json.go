package home

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// AppendJSON appends the device as json.Marshal writes it. A device is written
// out anew with each thing that it says; this costs a tenth of what reflection
// does.
func (d Device) AppendJSON(b []byte) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, d.ID)
	b = appendString(append(b, `,"name":`...), d.Name)
	b = appendString(append(b, `,"room":`...), d.Room)
	b = appendString(append(b, `,"radio":`...), d.Radio)
	b = appendString(append(b, `,"address":`...), d.Address)
	b = appendString(append(b, `,"maker":`...), d.Maker)
	b = appendString(append(b, `,"model":`...), d.Model)
	b = appendString(append(b, `,"firmware":`...), d.Firmware)
	b = appendString(append(b, `,"security":`...), d.Security)
	b = appendString(append(b, `,"power":`...), d.Power)
	b = appendString(append(b, `,"health":`...), d.Health)
	b = appendTime(append(b, `,"last_seen":`...), d.LastSeen)
	b = append(b, `,"traits":`...)
	if d.Traits == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, '{')
		for i, t := range slices.Sorted(maps.Keys(d.Traits)) {
			if i > 0 {
				b = append(b, ',')
			}
			s := d.Traits[t]
			b = append(appendString(b, t), `:{"value":`...)
			b = append(s.Value.append(b), `,"since":`...)
			b = append(s.Since.append(b), '}')
		}
		b = append(b, '}')
	}
	if d.Sounder != nil {
		b = appendOther(append(b, `,"sounder":`...), d.Sounder)
	}
	if len(d.Problems) > 0 {
		b = appendStrings(append(b, `,"problems":`...), d.Problems)
	}
	if len(d.Waiting) > 0 {
		b = appendOther(append(b, `,"waiting":`...), d.Waiting)
	}
	if d.Upgrade != nil {
		b = appendOther(append(b, `,"upgrade":`...), d.Upgrade)
	}
	if len(d.Watched) > 0 {
		b = appendStrings(append(b, `,"watched":`...), d.Watched)
	}
	if d.Talks != "" {
		b = appendString(append(b, `,"talks":`...), d.Talks)
	}
	if d.Records {
		b = append(b, `,"records":true`...)
	}
	return append(b, '}')
}

// AppendJSON appends the panel's state as json.Marshal writes it.
func (a Alarm) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), a.Seq, 10)
	b = appendString(append(b, `,"mode":`...), a.Mode)
	b = appendString(append(b, `,"like":`...), a.Like)
	b = appendString(append(b, `,"phase":`...), a.Phase)
	b = a.Since.append(append(b, `,"since":`...))
	b = appendTime(append(b, `,"until":`...), a.Until)
	b = a.Now.append(append(b, `,"now":`...))
	b = appendStrings(append(b, `,"open":`...), a.Open)
	b = appendStrings(append(b, `,"bypassed":`...), a.Bypassed)
	b = appendReady(append(b, `,"ready":`...), a.Ready)
	b = appendTroubles(append(b, `,"troubles":`...), a.Troubles)
	b = append(b, `,"alarm":`...)
	if a.Alarm == nil {
		b = append(b, "null"...)
	} else {
		b = appendOther(b, a.Alarm)
	}
	b = append(b, `,"test":`...)
	if a.Test == nil {
		b = append(b, "null"...)
	} else {
		b = appendOther(b, a.Test)
	}
	b = appendString(append(b, `,"changed_by":`...), a.ChangedBy)
	b = append(b, `,"areas":`...)
	if a.Areas == nil {
		return append(b, "null}"...)
	}
	b = append(b, '[')
	for i, area := range a.Areas {
		if i > 0 {
			b = append(b, ',')
		}
		b = area.append(b)
	}
	return append(b, "]}"...)
}

func appendTroubles(b []byte, list []TroubleItem) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, t := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"code":`...), t.Code)
		b = appendString(append(b, `,"device":`...), t.Device)
		b = appendString(append(b, `,"text":`...), t.Text)
		b = appendString(append(b, `,"severity":`...), t.Severity)
		b = t.Since.append(append(b, `,"since":`...))
		b = appendString(append(b, `,"mend":`...), t.Mend)
		b = append(appendStrings(append(b, `,"blocks":`...), t.Blocks), '}')
	}
	return append(b, ']')
}

// AppendJSON appends the line as json.Marshal writes it. Its Data must be JSON.
func (e Event) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), e.Seq, 10)
	b = e.At.append(append(b, `,"at":`...))
	b = appendString(append(b, `,"kind":`...), e.Kind)
	b = appendString(append(b, `,"device":`...), e.Device)
	b = appendString(append(b, `,"zone":`...), e.Zone)
	if b = append(b, `,"who":`...); e.Who == nil {
		b = append(b, "null"...)
	} else {
		b = appendString(b, *e.Who)
	}
	b = appendString(append(b, `,"text":`...), e.Text)
	if len(e.Data) > 0 {
		b = appendData(append(b, `,"data":`...), e.Data)
	}
	return append(b, '}')
}

func (a AreaState) append(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), a.ID)
	b = appendString(append(b, `,"name":`...), a.Name)
	b = appendString(append(b, `,"mode":`...), a.Mode)
	b = appendString(append(b, `,"like":`...), a.Like)
	b = appendString(append(b, `,"phase":`...), a.Phase)
	b = a.Since.append(append(b, `,"since":`...))
	b = appendTime(append(b, `,"until":`...), a.Until)
	b = appendStrings(append(b, `,"bypassed":`...), a.Bypassed)
	b = appendReady(append(b, `,"ready":`...), a.Ready)
	b = appendString(append(b, `,"changed_by":`...), a.ChangedBy)
	return append(b, '}')
}

func appendReady(b []byte, ready map[Mode]bool) []byte {
	if ready == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i, m := range slices.Sorted(maps.Keys(ready)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendBool(append(appendString(b, m), ':'), ready[m])
	}
	return append(b, '}')
}

func (v Value) append(b []byte) []byte {
	switch v.kind {
	case 'w':
		return appendString(b, v.word)
	case 'b':
		return strconv.AppendBool(b, v.num != 0)
	case 'n':
		return strconv.AppendFloat(b, v.num, 'f', -1, 64)
	default:
		return append(b, "null"...)
	}
}

// append writes timeLayout by hand: a device that says something has a handful of
// times, and the library reads the layout anew for each.
func (t Time) append(b []byte) []byte {
	u := t.UTC()
	year, month, day := u.Date()
	if year < 0 || year > 9999 { // more figures than the layout has places
		return append(u.AppendFormat(append(b, '"'), timeLayout), '"')
	}
	hour, minute, second := u.Clock()
	b = appendTwo(appendTwo(append(b, '"'), year/100), year%100)
	b = appendTwo(append(b, '-'), int(month))
	b = appendTwo(append(b, '-'), day)
	b = appendTwo(append(b, 'T'), hour)
	b = appendTwo(append(b, ':'), minute)
	b = appendTwo(append(b, ':'), second)
	milli := u.Nanosecond() / 1e6
	return append(append(appendTwo(append(b, '.'), milli/10), byte('0'+milli%10)), 'Z', '"')
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func appendTime(b []byte, t *Time) []byte {
	if t == nil {
		return append(b, "null"...)
	}
	return t.append(b)
}

func appendStrings[S ~string](b []byte, list []S) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString leaves to the library what needs more than quotes.
func appendString[S ~string](b []byte, s S) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return appendOther(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendData appends what is JSON already. The library closes up its spaces and
// escapes what a page could take for its own; most has neither.
func appendData(b []byte, data json.RawMessage) []byte {
	for _, c := range data {
		if c <= ' ' || c > '~' || c == '<' || c == '>' || c == '&' {
			return appendOther(b, data)
		}
	}
	return append(b, data...)
}

// appendOther appends one of the house's own objects, which cannot fail.
func appendOther(b []byte, v any) []byte {
	j, err := json.Marshal(v)
	if err != nil {
		panic("home: " + err.Error()) // a type that JSON has no form for: a mistake in the program
	}
	return append(b, j...)
}
