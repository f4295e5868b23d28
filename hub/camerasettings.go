package hub

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/config"
	"gatehouse/hub/home"
)

// secretsFolder is the folder of the data folder in which passwords of cameras lie.
// Whoever has a session could else have any file of the box told to a camera of their
// own.
const secretsFolder = "secrets"

// checkPasswordFile refuses a name that leads anywhere else.
func (c *cameras) checkPasswordFile(name string) error {
	folder, err := filepath.Abs(c.hub.file(secretsFolder))
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	if name != "" && name != filepath.Join(folder, filepath.Base(name)) {
		return &home.Invalid{Field: "password_file", Reason: fmt.Sprintf("it must lie in %s: give its full path", folder)}
	}
	return nil
}

// readPassword reads a file that holds a password and nothing else.
func readPassword(name string) (string, error) {
	const most = 1 << 10
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", &home.Invalid{Field: "password_file", Reason: "it can't be read by the hub: " + errors.Unwrap(err).Error()}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "", &home.Invalid{Field: "password_file", Reason: "it is no file"}
	case info.Mode().Perm()&0o077 != 0:
		return "", &home.Invalid{Field: "password_file", Reason: "others on the box can read it: chmod 600 it"}
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	password := strings.TrimRight(string(b), "\r\n")
	if err != nil || password == "" || len(b) > most || strings.ContainsAny(password, "\r\n") {
		return "", &home.Invalid{Field: "password_file", Reason: "it must hold the password on one line, and nothing else"}
	}
	return password, nil
}

// pin keeps the certificates that a camera showed the first time: of its stream, and
// over https, at each of its ports.
func (c *cameras) pin(cam *camera.Camera, id home.DeviceID, stream, https string, ports map[string]string) {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	w, ok := c.known[id]
	if !ok || w.camera != cam {
		c.mu.Unlock()
		return
	}
	s := w.settings
	c.mu.Unlock()
	s.Certificate, s.HTTPSCertificate, s.PortCertificates = stream, https, ports
	if err := c.table.Put(string(s.ID), s); err != nil {
		c.hub.log.Error("certificate of a camera not kept", "device", s.ID, "err", err)
		return
	}
	c.mu.Lock()
	w.settings = s
	c.mu.Unlock()
}

// shown is a camera as the faces show it.
func (c *cameras) shown(w *watched, name string) home.Camera {
	s := w.settings
	s.Name, s.HasPassword = name, w.password != ""
	if s.Seeing.Zones == nil { // kept before there was any
		s.Seeing.Zones, s.Seeing.Doubts = []home.SightZone{}, []home.Doubt{}
	}
	if s.Looks == nil {
		s.Looks = []home.CameraLook{}
	}
	if w.camera == nil {
		s.Status = home.CameraStatus{State: string(camera.Lost), Why: w.fault.Error()}
	} else {
		st, n := w.camera.State(), w.camera.Figures()
		s.Status = home.CameraStatus{
			State: string(st.Condition), Why: st.Why, Since: home.At(st.Since), Recording: st.Recording, Codecs: st.Codecs(),
			Width: st.Width, Height: st.Height, PacketsLost: n.PacketsLost, Clips: n.Clips, ONVIF: w.word.status(),
			Speaker: st.Speaker != "", NoSpeaker: st.NoSpeaker,
			OtherCertificate: st.Stranger, OtherHTTPSCertificate: w.pin.Stranger(),
		}
		_, s.Status.OtherPortCertificates = w.pin.Ports()
		s.Status.SubWhy, _ = w.camera.SmallFault()
	}
	s.Status.Watched, s.Status.Talks = c.watchers(s.ID), c.talkers[s.ID].name()
	s.Status.Masks, s.Status.Restless = w.maskStatus(time.Now()), w.gaze.takesNoNoticeOf()
	return s
}

// Cameras implements api.Cameras.
func (c *cameras) Cameras() []home.Camera {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []home.Camera
	for _, w := range c.known {
		list = append(list, c.shown(w, c.hub.nameOf(w.settings.ID)))
	}
	slices.SortFunc(list, func(a, b home.Camera) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Camera implements api.Cameras.
func (c *cameras) Camera(id home.DeviceID) (home.Camera, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.known[id]
	if !ok {
		return home.Camera{}, false
	}
	return c.shown(w, c.hub.nameOf(id)), true
}

// PutCamera implements api.Cameras.
func (c *cameras) PutCamera(ctx context.Context, s home.Camera, password *home.Secret, by string) (home.Camera, error) {
	s.Status, s.HasPassword = home.CameraStatus{}, false
	secret := c.secret(&s, password)
	if err := c.ask(ctx, &s, &secret); err != nil { // which nothing may wait for
		return home.Camera{}, err
	}
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	old := c.known[s.ID]
	c.mu.Unlock()
	if err := c.check(&s, &secret); err != nil {
		return home.Camera{}, err
	}
	w := c.watch(s, secret)
	if w.camera == nil {
		return home.Camera{}, w.fault
	}
	if err := c.keep(s, secret); err != nil {
		return home.Camera{}, err
	}
	if w.again = old != nil; w.again {
		w.word.inherit(old.word)
	}
	c.mu.Lock()
	c.known[s.ID] = w
	c.mu.Unlock()
	if old != nil {
		c.end(old)
	}
	did, more := "changed", ""
	switch {
	case old == nil:
		did = "added"
	case other(old.settings.Certificate, s.Certificate) || other(old.settings.HTTPSCertificate, s.HTTPSCertificate) ||
		otherAt(old.settings.PortCertificates, s.PortCertificates):
		more = ", which may show another certificate from now on"
	}
	if w.camera.InClear() && (old == nil || old.camera == nil || !old.camera.InClear()) {
		more += ", whose password may be told in the clear from now on"
	}
	c.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Device: s.ID, Who: home.Who(by),
		Text: fmt.Sprintf("%s %s the camera %s%s.", by, did, s.Name, more),
	})
	if d, ok := c.hub.devices.Device(s.ID); ok && d.Name != s.Name {
		if _, err := c.hub.devices.Rename(s.ID, s.Name, d.Room, by); err != nil {
			return home.Camera{}, err
		}
	}
	c.look()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown(w, s.Name), nil
}

// secret is the password that a camera has from now on. The one that it had goes along
// to no other machine: it would be told to whoever is there.
func (c *cameras) secret(s *home.Camera, given *home.Secret) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	secret := ""
	if old := c.known[s.ID]; old != nil {
		secret = old.password
		if s.URL != "" && moved(old.settings.URL, s.URL) || s.ONVIF != "" && (s.URL == "" || old.settings.ONVIF != "") && moved(old.settings.ONVIF, s.ONVIF) {
			secret, s.Certificate, s.HTTPSCertificate, s.PortCertificates = "", "", "", nil
			if s.PasswordFile == old.settings.PasswordFile {
				s.PasswordFile = ""
			}
		}
	}
	if given != nil {
		secret = string(*given)
	}
	return secret
}

// checkPorts refuses what is no certificate of a port.
func checkPorts(certificates map[string]string) error {
	for port, sum := range certificates {
		_, err := strconv.ParseUint(port, 10, 16)
		b, badSum := hex.DecodeString(sum)
		if err != nil || badSum != nil || len(b) != sha256.Size {
			return &home.Invalid{Field: "port_certificates", Reason: "give 64 hexadecimal digits for each port, or leave the port out"}
		}
	}
	return nil
}

// other tells whether a camera that was known by a certificate is not any more.
func other(was, is string) bool { return was != "" && was != is }

// otherAt tells the same of a camera's ports.
func otherAt(was, is map[string]string) bool {
	for port, sum := range was {
		if other(sum, is[port]) {
			return true
		}
	}
	return false
}

// moved tells whether two addresses lead to different machines or users.
func moved(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX != nil || errY != nil || x.Host != y.Host || x.Scheme != y.Scheme || y.User != nil && x.User.String() != y.User.String()
}

// keep writes a camera and its password.
func (c *cameras) keep(s home.Camera, secret string) error {
	passwords, _, err := c.passwords.Load()
	if err == nil && passwords[s.ID] != secret {
		passwords = maps.Clone(passwords)
		if passwords == nil {
			passwords = map[home.DeviceID]string{}
		}
		passwords[s.ID] = secret
		if secret == "" {
			delete(passwords, s.ID)
		}
		err = c.passwords.Save(passwords)
	}
	if err == nil {
		err = c.table.Put(string(s.ID), s)
	}
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	return nil
}

// Figures that an owner may choose, ours.
const (
	mostPre     = home.Duration(30 * time.Second)
	mostPost    = home.Duration(5 * time.Minute)
	leastClip   = home.Duration(30 * time.Second)
	mostClip    = home.Duration(time.Hour)
	mostCameras = 32
	mostDays    = 3650
	leastQuota  = 16 << 20 // the smallest volume; a clip of some minutes takes more
)

// check refuses what makes no sense, and takes a password out of the address.
func (c *cameras) check(s *home.Camera, secret *string) error {
	u, err := camera.ParseURL(s.URL)
	if err != nil {
		return err
	}
	if p, ok := u.User.Password(); ok {
		*secret = p
		u.User = url.User(u.User.Username())
		s.URL = u.String()
	}
	if s.ONVIF != "" {
		own, err := checkONVIF(s, secret)
		if err == nil {
			err = sameMachine(own, u)
		}
		if err != nil {
			return err
		}
	}
	if err := checkSnapshotURL(s.SnapshotURL, s.ONVIF, u); err != nil {
		return err
	}
	if err := checkSubURL(s.SubURL, u); err != nil {
		return err
	}
	if err := checkPorts(s.PortCertificates); err != nil {
		return err
	}
	s.Name = strings.TrimSpace(s.Name)
	c.mu.Lock()
	_, known := c.known[s.ID]
	many := len(c.known) >= mostCameras && !known
	c.mu.Unlock()
	switch {
	case many:
		return &home.Conflict{Reason: fmt.Sprintf("a hub has %d cameras at most: remove one first", mostCameras)}
	case s.Name == "" || len(s.Name) > 80:
		return &home.Invalid{Field: "name", Reason: "a camera needs a name of at most 80 bytes"}
	case s.Pre < 0 || s.Pre > mostPre:
		return &home.Invalid{Field: "pre", Reason: "give 0s to 30s"}
	case s.Post < home.Duration(time.Second) || s.Post > mostPost:
		return &home.Invalid{Field: "post", Reason: "give 1s to 5m"}
	case s.Longest < leastClip || s.Longest > mostClip:
		return &home.Invalid{Field: "longest", Reason: "give 30s to 1h"}
	case s.KeepDays < 0 || s.KeepDays > mostDays:
		return &home.Invalid{Field: "keep_days", Reason: "give 1 to 3650 days, or 0 for as long as there is room"}
	}
	c.mu.Lock()
	old := c.known[s.ID]
	c.mu.Unlock()
	quota, err := quotaOf(*s)
	if err == nil && s.Quota != "" && quota < leastQuota && (old == nil || s.Quota != old.settings.Quota) { // one of before stays
		err = &home.Invalid{Field: "quota", Reason: fmt.Sprintf("give %s or more, or nothing for what all cameras share", config.Size(leastQuota))}
	}
	if err != nil {
		return err
	}
	if err := c.checkSeeing(s); err != nil {
		return err
	}
	if err := c.checkPasswordFile(s.PasswordFile); err != nil {
		return err
	}
	return c.checkTriggers(s)
}

const mostSightZones = 16

// checkSeeing refuses what can't be looked for, and fills in what faces count on.
func (c *cameras) checkSeeing(s *home.Camera) error {
	see := &s.Seeing
	if see.Zones == nil {
		see.Zones = []home.SightZone{}
	}
	if see.Doubts == nil {
		see.Doubts = []home.Doubt{}
	}
	if len(see.Zones) > mostSightZones {
		return &home.Invalid{Field: "seeing", Reason: fmt.Sprintf("%d zones: a picture has %d at most", len(see.Zones), mostSightZones)}
	}
	if see.Area != "" && !slices.ContainsFunc(c.hub.guard.Areas(), func(a home.Area) bool { return a.ID == see.Area }) {
		return &home.Invalid{Field: "seeing", Reason: fmt.Sprintf("there is no area %q", see.Area)}
	}
	named := map[string]bool{}
	see.Zones = slices.Clone(see.Zones) // who asks may have them from the camera as it is now, which runs
	for i := range see.Zones {
		z := &see.Zones[i]
		z.Name = strings.TrimSpace(z.Name)
		switch err := detect.Zone(*z).Validate(); {
		case z.Name == "" || len(z.Name) > 40:
			return &home.Invalid{Field: "seeing", Reason: "each zone of the picture needs a name of at most 40 bytes"}
		case z.Mask && (!z.Ignore || len(z.Shape) == 0):
			return &home.Invalid{Field: "seeing", Reason: fmt.Sprintf("%s is to be blacked out: give it corners, and have it ignored too", z.Name)}
		case named[z.Name]:
			return &home.Invalid{Field: "seeing", Reason: fmt.Sprintf("two zones of the picture are called %q", z.Name)}
		case err != nil:
			return &home.Invalid{Field: "seeing", Reason: err.Error()}
		}
		named[z.Name] = true
		if err := c.checkModes("seeing", z.Modes); err != nil {
			return err
		}
	}
	// What was doubted in a part of the picture goes with it.
	see.Doubts = slices.DeleteFunc(slices.Clone(see.Doubts), func(d home.Doubt) bool { return d.Zone != "" && !named[d.Zone] })
	return nil
}

// checkModes refuses modes that this house does not have.
func (c *cameras) checkModes(field string, list []home.Mode) error {
	known := c.hub.guard.Modes()
	for _, m := range list {
		if m != home.Disarmed && !slices.ContainsFunc(known, func(o home.AlarmMode) bool { return o.ID == m }) {
			return &home.Invalid{Field: field, Reason: fmt.Sprintf("there is no mode %q", m)}
		}
	}
	return nil
}

// quotaOf is how many bytes a camera's clips may take; 0: as many as there are.
func quotaOf(s home.Camera) (int64, error) {
	if s.Quota == "" {
		return 0, nil
	}
	var size config.Size
	if err := size.UnmarshalText([]byte(s.Quota)); err != nil {
		return 0, &home.Invalid{Field: "quota", Reason: err.Error()}
	}
	return int64(size), nil
}

// checkTriggers refuses what names nothing of this house.
func (c *cameras) checkTriggers(s *home.Camera) error {
	zones := c.hub.guard.Zones()
	for _, z := range s.Zones {
		if !slices.ContainsFunc(zones, func(o home.Zone) bool { return o.ID == z }) {
			return &home.Invalid{Field: "zones", Reason: fmt.Sprintf("there is no zone %q", z)}
		}
	}
	for _, id := range s.Buttons {
		if d, ok := c.hub.devices.Device(id); !ok || !hasTrait(d, home.Button) {
			return &home.Invalid{Field: "buttons", Reason: fmt.Sprintf("%q is no device with a button", id)}
		}
	}
	if len(s.Looks) > mostSightZones {
		return &home.Invalid{Field: "looks", Reason: fmt.Sprintf("give %d at most", mostSightZones)}
	}
	for _, l := range s.Looks {
		if !slices.ContainsFunc(zones, func(o home.Zone) bool { return o.ID == l.Zone }) || l.Preset == "" {
			return &home.Invalid{Field: "looks", Reason: fmt.Sprintf("there is no zone %q, or no preset is named for it", l.Zone)}
		}
	}
	for _, k := range s.Heeds {
		if !slices.Contains(home.Heeded, k) {
			return &home.Invalid{Field: "heeds", Reason: fmt.Sprintf("%q is nothing that a camera notices: give motion, person or doorbell", k)}
		}
	}
	for _, p := range s.Phases {
		if !slices.Contains([]home.Phase{home.PhaseDisarmed, home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm}, p) {
			return &home.Invalid{Field: "phases", Reason: fmt.Sprintf("there is no phase %q", p)}
		}
	}
	return c.checkModes("off_in", s.OffIn)
}

func hasTrait(d home.Device, t home.Trait) bool {
	_, ok := d.Traits[t]
	return ok
}

// DeleteCamera implements api.Cameras. Its clips stay until they expire.
func (c *cameras) DeleteCamera(ctx context.Context, id home.DeviceID, by string) error {
	if _, ok := c.hub.devices.Device(id); ok {
		return c.hub.devices.Remove(ctx, id, by)
	}
	return c.remove(id)
}

// remove stops a camera and forgets it.
func (c *cameras) remove(id home.DeviceID) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	w, ok := c.known[id]
	c.mu.Unlock()
	if !ok {
		return nil
	}
	if err := c.keep(home.Camera{ID: id}, ""); err != nil { // its password first
		return err
	}
	if err := c.table.Delete(string(id)); err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	c.mu.Lock()
	delete(c.known, id)
	c.mu.Unlock()
	c.end(w)
	return nil
}
