package mqtt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

const (
	maxPacket        = 16 << 10 // bytes, from a client
	maxSubscriptions = 1 << 10  // per client; Home Assistant takes one for each device
	// commandTimeout is how long the panel may take to write a change down.
	commandTimeout = 10 * time.Second
)

// broker is the embedded server with the hook that makes it the house's.
//
// Its own event loop is not started: that publishes $SYS, and ends sessions,
// wills, and retained messages after a day, none of which this broker has.
type broker struct {
	mochi.HookBase
	ctx    context.Context // ends commands that clients gave, when Run ends
	face   *Face
	server *mochi.Server

	// showing keeps a picture that is being sent to a new subscriber from
	// mixing with news: else an old state could arrive after a newer one.
	showing sync.Mutex
	loaded  []*conn // have messages that were not flushed

	refusals throttle
}

func newBroker(ctx context.Context, f *Face) *broker {
	capabilities := mochi.NewDefaultServerCapabilities()
	capabilities.MaximumClients = clientsMost
	capabilities.MaximumClientWritesPending = 1 // nothing goes that way, see deliver.go
	capabilities.MaximumPacketSize = maxPacket
	capabilities.MaximumMessageExpiryInterval = 0 // the default forgets retained state after a day
	capabilities.MaximumSessionExpiryInterval = 0 // no stored sessions
	capabilities.MaximumInflight = 64
	capabilities.ReceiveMaximum = 64
	capabilities.TopicAliasMaximum = 0
	capabilities.SharedSubAvailable = 0
	b := &broker{ctx: ctx, face: f}
	b.server = mochi.New(&mochi.Options{
		Capabilities:             capabilities,
		ClientNetReadBufferSize:  512,
		ClientNetWriteBufferSize: 2 << 10,
		SysTopicResendInterval:   int64((24 * time.Hour).Seconds()),
		// The server logs whole packets, with the codes in them.
		Logger: slog.New(slog.DiscardHandler),
	})
	if err := b.server.AddHook(b, nil); err != nil {
		panic("mqtt: " + err.Error()) // our own Init cannot fail
	}
	return b
}

// close ends the server. All clients have left.
func (b *broker) close() {
	if err := b.server.Close(); err != nil {
		b.face.o.Log.Debug("mqtt broker closed", "err", err)
	}
}

// ID names the hook.
func (b *broker) ID() string { return "gatehouse" }

// Provides lists what the hook takes part in.
func (b *broker) Provides(event byte) bool {
	return bytes.IndexByte([]byte{
		mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPublish,
		mochi.OnSubscribe, mochi.OnSubscribed, mochi.OnPacketProcessed,
	}, event) >= 0
}

// connOf is the connection of a client, nil for the house itself.
func connOf(cl *mochi.Client) *conn {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return nil
	}
	return c
}

func whoOf(cl *mochi.Client) *who {
	if c := connOf(cl); c != nil {
		return c.who.Load()
	}
	return nil
}

// OnConnectAuthenticate decides who the client is, before anything of an older
// session is looked at.
func (b *broker) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	c := connOf(cl)
	if c == nil {
		return false
	}
	w, err := b.identify(cl.Net.Listener, string(pk.Connect.Username), auth.Secret(pk.Connect.Password))
	if err != nil {
		b.refused(cl, pk, err)
		return false
	}
	// A client id belongs to its token: it cannot take over the session, or
	// the subscriptions, of somebody else's.
	owner := local
	if w.caller != nil {
		owner = "token:" + w.caller.ID
	}
	if err := b.face.welcome(c, owner); err != nil {
		b.refused(cl, pk, err)
		// Not as a wrong password: a client would ask its owner for another one.
		_ = b.server.SendConnack(cl, packets.ErrServerUnavailable, false, nil) // it may have gone
		_ = c.Close()                                                          // a second answer is not sent
		return false
	}
	cl.ID = owner + "/" + cl.ID
	cl.Properties.Clean = true
	cl.Properties.Will = mochi.Will{}
	c.client.Store(cl)
	c.begin(cl)
	c.who.Store(w)
	return true
}

// refused logs who is not let in.
func (b *broker) refused(cl *mochi.Client, pk packets.Packet, err error) {
	if more, ok := b.refusals.allow(time.Now()); ok {
		b.face.o.Log.Warn("mqtt sign-in refused", "remote", cl.Net.Remote,
			"client", plainName(string(pk.Connect.Username)), "err", err, "unlogged", more)
	}
}

// identify tells who gives a user name and password on a listener.
func (b *broker) identify(listener, name string, secret auth.Secret) (*who, error) {
	if secret == "" {
		if listener == listenerLoopback && name == "" {
			return &who{name: anonymous}, nil
		}
		return nil, errors.New(`no token was given: the password must be an API token, the user name its name or "token"`)
	}
	caller, err := b.face.o.Auth.Bearer(secret)
	if err != nil {
		return nil, err
	}
	if name != "token" && name != caller.Name {
		return nil, fmt.Errorf("the token is not called %q", plainName(name))
	}
	if caller.Kind != auth.ByToken {
		return nil, errors.New("not a token")
	}
	return &who{name: caller.Name, caller: &caller}, nil
}

// OnACLCheck judges each subscription (write false, once), each message to a
// client (write false) and each message from one (write true).
func (b *broker) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	w := whoOf(cl)
	if w.ended() {
		return false
	}
	if write {
		return w.mayPublish(topic)
	}
	return w.maySubscribe(topic)
}

// OnPublish carries a client's message out as a command. Nobody else gets to
// see it.
func (b *broker) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	w := whoOf(cl)
	ctx, cancel := context.WithTimeout(b.ctx, commandTimeout)
	defer cancel()
	var err error
	topic := topicAlarmError
	if pk.TopicName == topicAlarmSet {
		err = b.setAlarm(ctx, w, "", pk.Payload)
	} else if area, ok := areaOf(pk.TopicName, "set"); ok {
		err = b.setAlarm(ctx, w, area, pk.Payload)
	} else if id, ok := deviceOfSet(pk.TopicName); ok {
		topic = topicDeviceError(id)
		err = b.setDevice(w, id, pk.Payload)
	} else if person, ok := personOfSet(pk.TopicName); ok {
		topic = topicPresenceError
		err = b.setPresence(ctx, w, person, pk.Payload)
	}
	if err == nil {
		return pk, packets.CodeSuccessIgnore
	}
	r := refusalOf(err)
	r.At, r.Who = home.At(time.Now()), w.name
	b.face.o.Log.Info("mqtt command refused", "client", w.name, "topic", plainName(pk.TopicName), "reason", r.Error)
	if !as[*home.NotFound](err) { // a topic for each wrong id would never end
		b.publish(topic, encode(r), false)
		b.flush()
	}
	if cl.Properties.ProtocolVersion == 5 && pk.FixedHeader.Qos == 1 {
		return pk, reasonOf(r)
	}
	return pk, packets.CodeSuccessIgnore
}

// reasonOf is a refusal as an MQTT 5 PUBACK tells it.
func reasonOf(r refusal) packets.Code {
	c := packets.ErrImplementationSpecificError
	switch r.Error {
	case "invalid":
		c = packets.ErrPayloadFormatInvalid
	case "forbidden", "wrong-code", "code-needed", "codes-locked":
		c = packets.ErrNotAuthorized
	case "not-found":
		c = packets.ErrTopicNameInvalid
	}
	c.Reason = strings.ToValidUTF8(r.Error+": "+r.Text, "?")
	return c
}

// setAlarm takes a command to the panel. area is the one that the topic names,
// or "".
func (b *broker) setAlarm(ctx context.Context, w *who, area home.AreaID, payload []byte) error {
	cmd, err := parseAlarmCommand(payload)
	if err != nil {
		return err
	}
	if area != "" && cmd.area != "" && cmd.area != area {
		return &home.Invalid{Field: "area", Reason: "is not the one of the topic: leave it out"}
	}
	if cmd.area == "" {
		cmd.area = area
	}
	switch {
	case cmd.trigger && !w.may(auth.Panic),
		!cmd.trigger && cmd.mode == home.Disarmed && !w.may(auth.AlarmDisarm),
		!cmd.trigger && cmd.mode != home.Disarmed && !w.may(auth.AlarmArm):
		return errForbidden
	case cmd.trigger:
		return b.face.o.Alarm.Panic(ctx, "panic", w.name, home.ByMQTT)
	}
	_, err = b.face.o.Alarm.SetMode(ctx, home.ModeRequest{
		Mode: cmd.mode, Area: cmd.area, Force: cmd.force, Code: string(cmd.code), By: w.name, Channel: home.ByMQTT,
		// Who types a code wants it to be checked: Home Assistant shows its
		// users a keypad, and holds one token for all of them.
		CodeFree: w.codeFree() && cmd.code == "",
	})
	return err
}

func (b *broker) setDevice(w *who, id home.DeviceID, payload []byte) error {
	d, ok := b.face.o.Devices.Device(id)
	if !ok {
		return &home.NotFound{What: "device", ID: plainName(string(id))}
	}
	cmd, err := parseDeviceCommand(payload, tellable(d))
	if err != nil {
		return err
	}
	if !w.mayTell(cmd.Trait) {
		return errForbidden
	}
	cmd.Device = id
	_, err = b.face.o.Devices.Command(cmd, w.name)
	return err
}

// setPresence takes the words of Home Assistant's device trackers.
func (b *broker) setPresence(ctx context.Context, w *who, person string, payload []byte) error {
	at := string(payload) == "home"
	if !at && string(payload) != "not_home" {
		return &home.Invalid{Field: "payload", Reason: "can be home or not_home"}
	}
	_, err := b.face.o.Presence.SetPresence(ctx, person, at, w.name)
	return err
}

// tellable lists what a device can be told.
func tellable(d home.Device) []home.Trait {
	var list []home.Trait
	for _, t := range []home.Trait{home.Switch, home.Siren, home.Level, home.Cover, home.Lock} {
		if _, ok := d.Traits[t]; ok {
			list = append(list, t)
		}
	}
	return list
}

// end closes a client's connection; who speaks MQTT 5 is told why.
func (b *broker) end(cl *mochi.Client, why packets.Code) {
	if cl.Properties.ProtocolVersion == 5 {
		if err := b.server.DisconnectClient(cl, why); err == nil || !cl.Closed() {
			cl.Stop(why)
		}
		return
	}
	cl.Stop(why)
}

// endEnded cuts off the clients whose token has ended.
func (f *Face) endEnded(b *broker) {
	for _, c := range f.list() {
		if w := c.who.Load(); w.ended() {
			f.o.Log.Info("mqtt client cut off: its token has ended", "client", w.name)
			b.end(c.client.Load(), packets.ErrNotAuthorized)
		}
	}
}

// endAll says good-bye to all clients. Each gets what is queued for it, within
// lastWords.
func (f *Face) endAll(b *broker) {
	for _, c := range f.list() {
		if cl := c.client.Load(); cl != nil {
			b.end(cl, packets.ErrServerShuttingDown)
		}
		_ = c.Close() // those that had not signed in
	}
}
