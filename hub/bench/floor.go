package main

import (
	"context"
	"errors"

	"gatehouse/hub/radio/port"
)

// floorMain is the least that a program can do: it reads frames from a port,
// acknowledges each, and answers each report with a command to a siren. What
// it takes is the machine's: two crossings of the port and two wake-ups.
func floorMain(args []string) error {
	if len(args) != 2 {
		return errors.New("floor PORT NODE")
	}
	port, err := port.Open(context.Background(), args[0], port.Options{})
	if err != nil {
		return err
	}
	defer port.Close()
	node := args[1][0]
	command := []byte{0x01, 0x0a, 0x00, fnSendData, node, 0x03, 0x25, 0x01, 0xff, 0x25, 0x01, 0}
	sum := byte(0xff)
	for _, b := range command[1 : len(command)-1] {
		sum ^= b
	}
	command[len(command)-1] = sum
	buf := make([]byte, 512)
	for {
		n, err := port.Read(buf)
		if err != nil {
			return nil // the stick was pulled: the end
		}
		frames := 0
		report := false
		for i := 0; i < n; {
			if buf[i] != 0x01 || i+3 >= n {
				i++
				continue
			}
			frames++
			report = report || buf[i+3] == fnReport && buf[i+2] == 0
			i += int(buf[i+1]) + 2
		}
		var out []byte
		for range frames {
			out = append(out, 0x06)
		}
		if report {
			out = append(out, command...)
		}
		if len(out) > 0 {
			if _, err := port.Write(out); err != nil {
				return err
			}
		}
	}
}
