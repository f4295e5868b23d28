package zcl

// Scene names a scene of a group; group 0 is no group.
type Scene struct {
	Group uint16
	Scene byte
}

// AddScene has a device keep a scene (3.7.2.4.2).
type AddScene struct {
	Scene
	Time   uint16 // seconds that it takes to come about
	Name   string
	Fields []byte // what its clusters are in it, as they come
}

// ViewScene asks for a scene (3.7.2.4.3).
type ViewScene struct{ Scene }

// RemoveScene ends one (3.7.2.4.4).
type RemoveScene struct{ Scene }

// RemoveScenes ends those of a group (3.7.2.4.5).
type RemoveScenes struct{ Group uint16 }

// StoreScene keeps how the device is now (3.7.2.4.6).
type StoreScene struct{ Scene }

// RecallScene brings a scene about: a remote control sends it, too (3.7.2.4.7).
type RecallScene struct{ Scene }

// GetScenes asks for the scenes of a group (3.7.2.4.8).
type GetScenes struct{ Group uint16 }

// SceneCommand is what a SceneResponse answers.
type SceneCommand byte

// Commands that are answered by a status and the scene.
const (
	SceneAdded   SceneCommand = 0x00
	SceneRemoved SceneCommand = 0x02
	SceneStored  SceneCommand = 0x04
)

// SceneResponse is the answer to AddScene, RemoveScene and StoreScene (3.7.2.5).
type SceneResponse struct {
	To     SceneCommand
	Status Status
	Scene
}

// ViewSceneResponse is the answer to ViewScene (3.7.2.5.2); only the scene counts
// unless Status is Success.
type ViewSceneResponse struct {
	Status Status
	AddScene
}

// RemoveScenesResponse is the answer to RemoveScenes (3.7.2.5.4).
type RemoveScenesResponse struct {
	Status Status
	Group  uint16
}

// GetScenesResponse is the answer to GetScenes (3.7.2.5.6).
type GetScenesResponse struct {
	Status   Status
	Capacity byte // further scenes that it can keep; 0xFE: some, 0xFF: it does not know
	Group    uint16
	Scenes   []byte
}

func parseScenes(p *params) Command {
	switch p.command {
	case 0x00:
		return AddScene{p.scene(), p.uint16(), p.text(), p.bytes(len(p.rest))}
	case 0x01:
		return ViewScene{p.scene()}
	case 0x02:
		return RemoveScene{p.scene()}
	case 0x03:
		return RemoveScenes{p.uint16()}
	case 0x04:
		return StoreScene{p.scene()}
	case 0x05:
		return RecallScene{p.scene()}
	case 0x06:
		return GetScenes{p.uint16()}
	case fromServer + 0x00, fromServer + 0x02, fromServer + 0x04:
		return SceneResponse{SceneCommand(p.command &^ fromServer), Status(p.byte()), p.scene()}
	case fromServer + 0x01:
		r := ViewSceneResponse{Status(p.byte()), AddScene{Scene: p.scene()}}
		if r.Status == Success {
			r.Time, r.Name, r.Fields = p.uint16(), p.text(), p.bytes(len(p.rest))
		}
		return r
	case fromServer + 0x03:
		return RemoveScenesResponse{Status(p.byte()), p.uint16()}
	case fromServer + 0x06:
		r := GetScenesResponse{Status: Status(p.byte()), Capacity: p.byte(), Group: p.uint16()}
		if r.Status == Success {
			r.Scenes = p.bytes(int(p.byte()))
		}
		return r
	default:
		return nil
	}
}

func (p *params) scene() Scene { return Scene{p.uint16(), p.byte()} }

func (s Scene) append(b []byte) []byte { return append(put16(b, s.Group), s.Scene) }

// Head says which command it is.
func (AddScene) Head() Head { return toServer(Scenes, 0x00) }

// Head says which command it is.
func (ViewScene) Head() Head { return toServer(Scenes, 0x01) }

// Head says which command it is.
func (RemoveScene) Head() Head { return toServer(Scenes, 0x02) }

// Head says which command it is.
func (RemoveScenes) Head() Head { return toServer(Scenes, 0x03) }

// Head says which command it is.
func (StoreScene) Head() Head { return toServer(Scenes, 0x04) }

// Head says which command it is.
func (RecallScene) Head() Head { return toServer(Scenes, 0x05) }

// Head says which command it is.
func (GetScenes) Head() Head { return toServer(Scenes, 0x06) }

// Head says which command it is.
func (c SceneResponse) Head() Head { return toClient(Scenes, byte(c.To)) }

// Head says which command it is.
func (ViewSceneResponse) Head() Head { return toClient(Scenes, 0x01) }

// Head says which command it is.
func (RemoveScenesResponse) Head() Head { return toClient(Scenes, 0x03) }

// Head says which command it is.
func (GetScenesResponse) Head() Head { return toClient(Scenes, 0x06) }

// Append writes the payload.
func (c AddScene) Append(b []byte) []byte {
	return append(putText(put16(c.append(b), c.Time), c.Name), c.Fields...)
}

// Append writes the payload.
func (c ViewScene) Append(b []byte) []byte { return c.append(b) }

// Append writes the payload.
func (c RemoveScene) Append(b []byte) []byte { return c.append(b) }

// Append writes the payload.
func (c RemoveScenes) Append(b []byte) []byte { return put16(b, c.Group) }

// Append writes the payload.
func (c StoreScene) Append(b []byte) []byte { return c.append(b) }

// Append writes the payload. Its time, since revision 7, is left out: that of the
// scene holds.
func (c RecallScene) Append(b []byte) []byte { return c.append(b) }

// Append writes the payload.
func (c GetScenes) Append(b []byte) []byte { return put16(b, c.Group) }

// Append writes the payload.
func (c SceneResponse) Append(b []byte) []byte { return c.append(append(b, byte(c.Status))) }

// Append writes the payload.
func (c ViewSceneResponse) Append(b []byte) []byte {
	b = append(b, byte(c.Status))
	if c.Status != Success {
		return c.append(b)
	}
	return c.AddScene.Append(b)
}

// Append writes the payload.
func (c RemoveScenesResponse) Append(b []byte) []byte {
	return put16(append(b, byte(c.Status)), c.Group)
}

// Append writes the payload.
func (c GetScenesResponse) Append(b []byte) []byte {
	b = put16(append(b, byte(c.Status), c.Capacity), c.Group)
	if c.Status != Success {
		return b
	}
	return putBytes(b, c.Scenes)
}
