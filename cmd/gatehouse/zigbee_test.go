package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee"
)

func TestZigbeeDump(t *testing.T) {
	least, most := int64(12), int64(87)
	d := zigbee.Dump{
		Up: true, Stick: "Z-Stack 3.x.0, 20240710", Address: "00124b000000c0de", Network: "00124b0009d69f77 (PAN 0xcd0a, channel 21)", Key: "[redacted]",
		Devices: []zigbee.DumpDevice{{
			Address: "00158d0000000001", Short: "2a01", Studied: true, Heard: time.Date(2026, 11, 25, 21, 0, 0, 0, time.UTC),
			Signature: zigbee.Signature{
				Model: "SimContact", Maker: "Gatehouse Sim",
				Endpoints:  []zigbee.SignatureEndpoint{{ID: 1, Profile: 0x0104, In: []zigbee.Hex{0, 0x0500}}},
				Attributes: []zigbee.SeenAttribute{{Cluster: 1, Attr: 0x21, Type: 0x20, Span: zigbee.Span{Least: &least, Most: &most}}},
			},
		}, {Address: "00158d0000000002", Short: "2a02"}},
	}
	const want = `network  00124b0009d69f77 (PAN 0xcd0a, channel 21), up
key      [redacted]
stick    Z-Stack 3.x.0, 20240710, 00124b000000c0de

ADDRESS           SHORT  MODEL       MAKER          FIRMWARE  POWER    KNOWN  HEARD
00158d0000000001  2a01   SimContact  Gatehouse Sim  -         battery  yes    2026-11-25 21:00:00
00158d0000000002  2a02   -           -              -         battery  no     -

00158d0000000001
  endpoint 1, profile 0104, in 0000 0500, out -
  attribute 0001/0021, type 20, 12 to 87
`
	var b bytes.Buffer
	if err := printDump(&b, d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), want); diff != "" {
		t.Errorf("dumped (-got +want):\n%s", diff)
	}
}
