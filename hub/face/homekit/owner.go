package homekit

import (
	"time"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/home"
)

// Status is the face as its owner sees it.
type Status struct {
	Code   string
	URI    string // what the QR code says
	ID     string
	Port   int
	Until  time.Time // pairing is open until then; zero: it is closed
	Paired []Paired
	Settings
}

// Paired is an Apple device that is let in.
type Paired struct {
	ID        string
	Admin     bool // may let others in
	Since     time.Time
	Connected bool
}

// Status is how the face stands.
func (f *Face) Status() Status {
	s := f.keeper.state()
	st := Status{Code: s.Code, URI: setupURI(s), ID: s.ID, Port: f.Port(), Until: f.server.OpenUntil(), Settings: s.Settings, Paired: []Paired{}}
	here := f.server.Connected()
	for _, p := range s.Pairings {
		st.Paired = append(st.Paired, Paired{ID: p.ID, Admin: p.Admin, Since: p.Since, Connected: here[p.ID] > 0})
	}
	return st
}

// Open opens pairing for ten minutes. Errors: *home.Conflict.
func (f *Face) Open(by string) error {
	if len(f.keeper.Pairings()) > 0 {
		return &home.Conflict{Reason: "an Apple device is paired already: invite others in its Home app, or remove it first"}
	}
	f.opening.Lock()
	defer f.opening.Unlock()
	f.server.Open(time.Now().Add(hap.Window)) // first, or Run might close the port again
	if err := f.listen(); err != nil {
		f.server.Open(time.Time{})
		return &home.Conflict{Reason: err.Error()}
	}
	f.note(by, "Pairing with Apple Home is open for ten minutes.")
	f.changed()
	return nil
}

// Shut closes pairing.
func (f *Face) Shut(by string) {
	if f.server.OpenUntil().IsZero() {
		return
	}
	f.server.Open(time.Time{})
	f.note(by, "Pairing with Apple Home is closed.")
	f.changed()
}

// Unpair removes a device, and ends its connections. Errors: *home.NotFound.
func (f *Face) Unpair(id, by string) error {
	if _, ok := f.keeper.Pairing(id); !ok {
		return &home.NotFound{What: "paired Apple device", ID: id}
	}
	if err := f.keeper.remove(id, by); err != nil {
		return err
	}
	f.server.Drop()
	f.changed()
	return nil
}

// Put changes what Apple Home may do and see.
func (f *Face) Put(s Settings, by string) error {
	was := f.keeper.state().Settings
	if s == was {
		return nil
	}
	if err := f.keeper.update(func(st *State) error { st.Settings = s; return nil }); err != nil {
		return err
	}
	for _, c := range []struct {
		was, is bool
		may     string
	}{
		{was.Disarm, s.Disarm, "disarm"},
		{was.Unlock, s.Unlock, "unlock"},
		{was.ArmOpen, s.ArmOpen, "arm with something open"},
		{was.Cameras, s.Cameras, "show the cameras"},
	} {
		switch {
		case c.is && !c.was:
			f.note(by, "Apple Home may "+c.may+" from now on.")
		case c.was && !c.is:
			f.note(by, "Apple Home may not "+c.may+" any more.")
		}
	}
	f.changed()
	return nil
}
