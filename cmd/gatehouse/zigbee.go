package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
)

// zigbeeTools look at the Zigbee network of a hub that runs: it has the stick.
func zigbeeTools(ctx context.Context, k *call) error {
	data := k.dataFlag()
	asJSON := k.flags.Bool("json", false, "dump: as JSON")
	verb, err := k.split("dump", "listen", "signature")
	if err != nil {
		return err
	}
	id := ""
	if verb == "signature" {
		if id, err = k.one("zigbee signature needs the device's id, such as zigbee-00124b0012345678"); err != nil {
			return err
		}
	} else if err := k.parseArgs(k.args[1:], 0, 0); err != nil {
		return err
	}
	w, err := desk.Watch(ctx, filepath.Join(*data, hub.SocketFile))
	if errors.Is(err, desk.ErrNoHub) {
		return fmt.Errorf("no hub runs with the data folder %s: name the hub's with --data, or start the hub", *data)
	}
	if err != nil {
		return err
	}
	switch verb {
	case "listen":
		return w.Listen(ctx, zigbeehome.Kind, func(line string) error {
			_, err := fmt.Fprintf(k.stdout, "%s  %s\n", time.Now().Format("15:04:05.000"), line)
			return err
		})
	case "signature":
		s, err := w.Signature(ctx, zigbeehome.Kind, id)
		if err != nil {
			return err
		}
		return indented(k.stdout, s)
	}
	b, err := w.Dump(ctx, zigbeehome.Kind)
	if err != nil {
		return err
	}
	if *asJSON {
		return indented(k.stdout, b)
	}
	var d zigbee.Dump
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("the hub's answer: %w", err)
	}
	return printDump(k.stdout, d)
}

func indented(w io.Writer, b []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return fmt.Errorf("the hub's answer: %w", err)
	}
	_, err := fmt.Fprintln(w, out.String())
	return err
}

// printDump prints a table of the devices, then the endpoints of each and what was
// heard of it.
func printDump(w io.Writer, d zigbee.Dump) error {
	state := "down"
	if d.Up {
		state = "up"
	}
	fmt.Fprintf(w, "network  %s, %s\nkey      %s\nstick    %s, %s\n\n", d.Network, state, d.Key, d.Stick, d.Address)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "ADDRESS\tSHORT\tMODEL\tMAKER\tFIRMWARE\tPOWER\tKNOWN\tHEARD")
	for _, dev := range d.Devices {
		power, heard := "battery", "-"
		if dev.Mains {
			power = "mains"
		}
		if !dev.Heard.IsZero() {
			heard = dev.Heard.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", dev.Address, dev.Short, dash(dev.Model), dash(dev.Maker), dash(dev.Firmware), power, yes(dev.Studied), heard)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, dev := range d.Devices {
		if len(dev.Endpoints) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", dev.Address)
		for _, e := range dev.Endpoints {
			fmt.Fprintf(w, "  endpoint %d, profile %04x, in %s, out %s\n", e.ID, uint16(e.Profile), numbers(e.In), numbers(e.Out))
		}
		for _, a := range dev.Attributes {
			fmt.Fprintf(w, "  attribute %04x/%04x, type %02x, %s\n", uint16(a.Cluster), uint16(a.Attr), uint16(a.Type), span(a.Span))
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func numbers(list []zigbee.Hex) string {
	var all []string
	for _, n := range list {
		all = append(all, fmt.Sprintf("%04x", uint16(n)))
	}
	return dash(strings.Join(all, " "))
}

// span is between which numbers lies what was heard.
func span(s zigbee.Span) string {
	if s.Least == nil || s.Most == nil {
		return "-"
	}
	if *s.Least == *s.Most {
		return fmt.Sprint(*s.Least)
	}
	return fmt.Sprintf("%d to %d", *s.Least, *s.Most)
}
