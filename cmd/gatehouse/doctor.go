package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/box"
	"gatehouse/hub/config"
)

// finding is what one look of the doctor came to.
type finding struct {
	about string
	text  string
	mend  string // "": all is well, or nothing can be done
	bad   bool
}

// standby is what the residential fire rules ask of a panel's second power
// source: a day of standby, then four minutes of alarm (facts as panel manuals
// quote NFPA 72; nothing here is certified).
const standby = 24*time.Hour + 4*time.Minute

// enough is free disk for a year of journal and more.
const enough = 100 << 20

// doctor looks at everything that has to be right around the hub, one small
// look after the other, and says what to mend. It opens no radio: a hub that
// runs is not disturbed.
func doctor(ctx context.Context, k *call) error {
	file := k.flags.String("config", defaultConfig, "read the configuration from `FILE`")
	power := k.flags.String("power", box.PowerDir, "read the power supplies from `DIR`")
	if err := k.parse(0, 0); err != nil {
		return err
	}
	c, err := config.Load(*file)
	if err != nil {
		return err
	}
	runs := hubRuns(ctx, c.Data)
	list := []finding{{about: "configuration", text: *file + " is good"}, runs.finding}
	list = append(list, dataFolder(c.Data), disk(c.Data), clockSet(time.Now()), powered(*power))
	for _, r := range []struct{ name, port string }{{"zwave", c.Zwave.Port}, {"zigbee", c.Zigbee.Port}, {"lte", c.LTE.Port}} {
		if r.port != "" {
			list = append(list, stick(r.name, r.port))
		}
	}
	if !runs.yes {
		for _, l := range []struct{ key, address string }{
			{"listen.https", c.Listen.HTTPS},
			{"listen.http", c.Listen.HTTP},
			{"mqtt.listen", c.MQTT.Listen},
			{"mqtt.loopback", c.MQTT.Loopback},
			{"rtsp.listen", c.RTSP.Listen},
			{"rtsp.tls", c.RTSP.TLS},
		} {
			if l.address != "" {
				list = append(list, address(ctx, l.key, l.address))
			}
		}
	}
	bad := 0
	for _, f := range list {
		mark := "ok  "
		if f.bad {
			mark = "mend"
			bad++
		}
		fmt.Fprintf(k.stdout, "%s  %-14s %s\n", mark, f.about, f.text)
		if f.mend != "" {
			fmt.Fprintf(k.stdout, "      %-14s %s\n", "", f.mend)
		}
	}
	switch bad {
	case 0:
		return nil
	case 1:
		return errors.New("one thing wants mending")
	default:
		return fmt.Errorf("%d things want mending", bad)
	}
}

type running struct {
	finding
	yes bool
}

// hubRuns looks whether a hub answers at its socket.
func hubRuns(ctx context.Context, data string) running {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", filepath.Join(data, hub.SocketFile))
	if err != nil {
		return running{finding: finding{about: "hub", text: "is not running"}}
	}
	c.Close()
	return running{finding{about: "hub", text: "is running; /health on its page says how it is"}, true}
}

func dataFolder(dir string) finding {
	f := finding{about: "data", bad: true}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{about: "data", text: dir + " is not there yet: the hub makes it"}
	case err != nil:
		f.text, f.mend = err.Error(), "Let the hub's user read the folder."
	case !info.IsDir():
		f.text, f.mend = dir+" is not a folder", "Give a folder as data in the configuration."
	case info.Mode().Perm()&0o077 != 0:
		f.text, f.mend = fmt.Sprintf("others may look into %s (%s)", dir, info.Mode().Perm()), "chmod 700 "+dir
	case syscall.Access(dir, 2) != nil: // W_OK
		f.text, f.mend = dir+" can't be written", "Let it belong to the hub's user, on a disk that can be written."
	default:
		return finding{about: "data", text: dir + " is the hub's own"}
	}
	return f
}

func disk(dir string) finding {
	for { // the folder may not be there yet
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, err := box.DiskFree(dir)
	switch {
	case err != nil:
		return finding{"disk", err.Error(), "Check the disk.", true}
	case free < enough:
		return finding{"disk", fmt.Sprintf("%d MiB are free", free>>20), "Free some space: the journal and the panel want to be written.", true}
	}
	return finding{about: "disk", text: fmt.Sprintf("%d MiB are free", free>>20)}
}

func clockSet(now time.Time) finding {
	synced, err := box.ClockSynced()
	switch {
	case err != nil:
		return finding{"clock", err.Error(), "Check the box's time.", true}
	case now.Year() < 2026:
		return finding{"clock", "says " + now.Format(time.DateTime), "Set the box's time: codes, certificates and second factors hang on it.", true}
	case !synced:
		return finding{"clock", "says " + now.Format(time.DateTime) + ", and no time service sets it", "Install one, such as chrony.", false}
	}
	return finding{about: "clock", text: "is set by a time service"}
}

// powered says how long the alarm would live without the mains. What is drawn
// shows only while the battery gives it.
func powered(dir string) finding {
	s, err := box.ReadPower(dir)
	f := finding{about: "power"}
	switch {
	case err != nil:
		f.text, f.mend, f.bad = err.Error(), "Check the power supply's driver.", true
	case !s.Battery:
		f.text, f.mend = "no battery is known to this box: the alarm ends with the mains", "A supply that lasts for 24 hours of standby and 4 minutes of alarm is what fire rules ask."
	case !s.Lost:
		f.text = "on the mains" + left(s.Percent)
		f.mend = "Pull the mains for a minute and ask again: how long the battery lasts shows only then."
	case s.Left == 0:
		f.text, f.bad = "on the battery"+left(s.Percent)+"; it does not say how long it lasts", true
		f.mend = "Look for the mains."
	default:
		f.text, f.bad = "on the battery"+left(s.Percent)+", which lasts about "+hours(s.Left)+": ", s.Left < standby
		f.text += map[bool]string{true: "less than", false: "enough for"}[f.bad] + " 24 hours of standby and 4 minutes of alarm"
		f.mend = "Look for the mains."
		if f.bad {
			f.mend += " A larger battery lasts longer."
		}
	}
	return f
}

func left(percent int) string {
	if percent < 0 {
		return ""
	}
	return fmt.Sprintf(", battery at %d %%", percent)
}

func hours(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return fmt.Sprintf("%.0f hours", d.Hours())
}

// stick looks whether there is something at a radio's port, without opening it.
func stick(name, port string) finding {
	if strings.HasPrefix(port, "tcp://") {
		return finding{about: name, text: "is at " + port + "; the hub tries it when it starts"}
	}
	info, err := os.Stat(port)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{name, port + " is not there", "Plug the stick in; ls /dev/serial/by-id shows what is.", true}
	case err != nil:
		return finding{name, err.Error(), "Check the path.", true}
	case info.Mode()&fs.ModeCharDevice == 0:
		return finding{name, port + " is no serial port", "Give the stick's path below /dev/serial/by-id.", true}
	case syscall.Access(port, 6) != nil: // R_OK | W_OK
		return finding{name, port + " can't be opened by this user", "Add the hub's user to the group of the port, often dialout.", true}
	}
	text := port + " is there"
	if !strings.HasPrefix(port, "/dev/serial/by-id/") && strings.HasPrefix(port, "/dev/tty") {
		return finding{about: name, text: text, mend: "Its number may change: better give its path below /dev/serial/by-id."}
	}
	return finding{about: name, text: text}
}

// address looks whether the hub could listen there.
func address(ctx context.Context, key, at string) finding {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return finding{key, err.Error(), "End the program that has the port, or choose another in the configuration.", true}
	}
	l.Close()
	return finding{about: key, text: at + " is free"}
}
