package main

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// floorMain is the least that a program can do: it reads frames from a pty,
// acknowledges each, and answers each report with a command to a siren. What
// it takes is the machine's: two crossings of the pty and two wake-ups.
func floorMain(args []string) error {
	if len(args) != 2 {
		return errors.New("floor PORT NODE")
	}
	port, err := os.OpenFile(args[0], os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer port.Close()
	if err := raw(int(port.Fd())); err != nil {
		return err
	}
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

// raw sets a terminal to bytes as they are, as cfmakeraw(3) does.
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
