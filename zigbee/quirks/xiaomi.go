package quirks

import (
	"gatehouse/zigbee/zcl"
)

// Where Xiaomi's devices say what the library has attributes for elsewhere, all
// at once about every 50 minutes. Not documented; as npm zigbee-herdsman and its
// converters read it.
const (
	LumiCluster zcl.Cluster = 0xFCC0
	LumiMaker   uint16      = 0x115F // whose attributes they are

	lumiText   zcl.Attr = 0xFF01 // of Basic: tags, in a string of characters
	lumiStruct zcl.Attr = 0xFF02 // of Basic: a structure, whose fields are counted as tags from 0
	lumiOctets zcl.Attr = 0x00F7 // of the cluster: tags, in a string of octets
)

// LumiParent is the tag of the address through which a device speaks.
const LumiParent = 10

// Tag is one value by the number that stands for an attribute.
type Tag struct {
	ID    byte
	Value zcl.Value
}

// ParseTags reads tags, each a number, a type and a value. What stands behind the
// last one that can be read is left out: some firmware has a byte too many there.
func ParseTags(b []byte) []Tag {
	var tags []Tag
	for len(b) > 1 {
		v, rest, err := zcl.ParseValue(zcl.Type(b[1]), b[2:])
		if err != nil {
			break
		}
		tags = append(tags, Tag{b[0], v})
		b = rest
	}
	return tags
}

// AppendTags writes tags behind b.
func AppendTags(b []byte, tags []Tag) []byte {
	for _, t := range tags {
		b = t.Value.Append(append(b, t.ID, byte(t.Value.Type)))
	}
	return b
}

// parseStruct reads the fields of a structure (2.6.2.16).
func parseStruct(b []byte) []Tag {
	if len(b) < 2 {
		return nil
	}
	var tags []Tag
	for b = b[2:]; len(b) > 1 && len(tags) < 256; {
		v, rest, err := zcl.ParseValue(zcl.Type(b[0]), b[1:])
		if err != nil {
			break
		}
		tags = append(tags, Tag{byte(len(tags)), v})
		b = rest
	}
	return tags
}

// TagsOf are the tags that an attribute holds, if it is one that holds some.
func TagsOf(cluster zcl.Cluster, a zcl.Attribute) ([]Tag, bool) {
	switch {
	case cluster == zcl.Basic && a.Attr == lumiText:
		return ParseTags(a.Value.B), true
	case cluster == zcl.Basic && a.Attr == lumiStruct:
		return parseStruct(a.Value.B), true
	case cluster == LumiCluster && a.Attr == lumiOctets:
		return ParseTags(a.Value.B), true
	}
	return nil, false
}
