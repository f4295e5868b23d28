package home

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What AppendJSON writes is what the library writes, to the byte, whatever the
// fields hold: one that is forgotten here differs.
func TestAppendJSONAsTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Device
		fill(t, reflect.ValueOf(&d).Elem())
		same(t, d, d.AppendJSON(nil))
		var a Alarm
		fill(t, reflect.ValueOf(&a).Elem())
		same(t, a, a.AppendJSON(nil))
		var e Event
		fill(t, reflect.ValueOf(&e).Elem())
		same(t, e, e.AppendJSON(nil))
	})
}

func same(t *rapid.T, v any, got []byte) {
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Fatalf("AppendJSON wrote\n%s, the library\n%s", got, want)
	}
}

// fill gives every field something, or nothing.
func fill(t *rapid.T, v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *Value:
		*x = rapid.SampledFrom([]Value{{}, Open, Word("a \"b\" <c> é\n"), True, False, Number(21.5), Number(-1e-9), Number(4e21)}).Draw(t, "value")
		return
	case *json.RawMessage:
		*x = rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage(`{"a": "<b>"}`), json.RawMessage(" 1"), json.RawMessage(`{"trait":"contact"}`)}).Draw(t, "data")
		return
	case *Time:
		*x = At(Time{}.AddDate(rapid.IntRange(0, 3000).Draw(t, "years"), 0, rapid.IntRange(0, 400).Draw(t, "days")).
			Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "clock"))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "away", "Küche", "a<b>&c", "\\\"", "\u2028", "\xff", "tab\t"}).Draw(t, "string"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rapid.IntRange(-5, 1<<40).Draw(t, "int")))
	case reflect.Uint8, reflect.Uint64, reflect.Uint32, reflect.Uint16:
		v.SetUint(uint64(rapid.IntRange(0, 200).Draw(t, "uint")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e6, 1e6).Draw(t, "float"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i))
			}
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 3).Draw(t, "size"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				fill(t, key)
				fill(t, value)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	default:
		t.Fatalf("no way to fill a %s", v.Type())
	}
}

// The times that Go can hold and the layout can't are the library's.
func TestTimesAsTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := Time{time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))}
		if got, want := string(at.append(nil)), `"`+at.String()+`"`; got != want {
			t.Fatalf("got %s, the library %s", got, want)
		}
	})
}
