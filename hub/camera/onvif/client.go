package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/camera/reach"
)

// Client asks one camera things.
type Client struct {
	door     *Door
	device   *url.URL // its first service
	services map[string]*url.URL
	offset   time.Duration // the camera's clock less the hub's
}

// About is what a camera says of itself.
type About struct{ Maker, Model, Firmware, Serial string }

// Profile is one way in which a camera sends pictures.
type Profile struct {
	Token         string
	Codec         string // as the camera calls it: H264, H265, JPEG
	Width, Height int
	Source        string // the lens
	SourceConfig  string // what masks belong to
	PTZ           bool
	TalkBack      bool // it takes sound
	media2        bool
}

// Looked tells whether pictures are looked at in this way rather than in the main one:
// they can be decoded, and are at most half as wide, yet wide enough to tell who is on them.
func (p Profile) Looked(main Profile) bool {
	const least = 320
	return (p.Codec == "H264" || p.Codec == "JPEG") && p.Width >= least && 2*p.Width <= main.Width
}

// Dial finds out what a camera can do. The password is tried where the first question
// wants it; pin is as in NewDoor.
func Dial(ctx context.Context, address, password string, pin *reach.Pin) (*Client, error) {
	u, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	door, err := NewDoor(address, password, pin)
	if err != nil {
		return nil, err
	}
	device := *door.base
	if device.Path = u.Path; strings.Trim(u.Path, "/") == "" {
		device.Path = "/onvif/device_service" // ONVIF Core §5.10
	}
	c := &Client{door: door, device: &device, services: map[string]*url.URL{}}
	if err := c.learn(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close lets go of the connections.
func (c *Client) Close() { c.door.Close() }

// Offset is the camera's clock less the hub's.
func (c *Client) Offset() time.Duration { return c.offset }

func (c *Client) learn(ctx context.Context) error {
	if err := c.readClock(ctx); err != nil {
		return err
	}
	err := c.readServices(ctx)
	var f *Fault
	if errors.As(err, &f) || err == nil && c.services[nsMedia] == nil && c.services[nsMedia2] == nil {
		err = c.readCapabilities(ctx) // cameras of before 2011 have nothing else
	}
	return err
}

// readClock asks what time the camera believes it is. Digests are made for that time.
func (c *Client) readClock(ctx context.Context) error {
	type clock struct {
		At struct {
			Time struct{ Hour, Minute, Second int }
			Date struct{ Year, Month, Day int }
		} `xml:"SystemDateAndTime>UTCDateTime"`
	}
	sent := time.Now()
	got, err := call[clock](ctx, c, request{at: c.first(), action: nsDevice + "/GetSystemDateAndTime", body: `<GetSystemDateAndTime xmlns="` + nsDevice + `"/>`, open: true}, callTime)
	if errors.Is(err, ErrPassword) { // it tells the time to those whom it knows alone
		return nil
	}
	if err != nil {
		return err
	}
	d, t := got.At.Date, got.At.Time
	if d.Year < 1970 || d.Year > 2200 {
		return nil // it has none
	}
	is := time.Date(d.Year, time.Month(d.Month), d.Day, t.Hour, t.Minute, t.Second, 0, time.UTC)
	c.offset = is.Sub(sent.Add(time.Since(sent) / 2)).Round(time.Second)
	return nil
}

func (c *Client) first() reference { return reference{to: c.device} }

func (c *Client) readServices(ctx context.Context) error {
	type services struct {
		Service []struct{ Namespace, XAddr string }
	}
	body := `<GetServices xmlns="` + nsDevice + `"><IncludeCapability>false</IncludeCapability></GetServices>`
	got, err := call[services](ctx, c, request{at: c.first(), action: nsDevice + "/GetServices", body: body}, callTime)
	if err != nil {
		return err
	}
	for _, s := range got.Service {
		c.serve(strings.TrimSpace(s.Namespace), s.XAddr)
	}
	return nil
}

func (c *Client) readCapabilities(ctx context.Context) error {
	type at struct{ XAddr string }
	type capabilities struct {
		Capabilities struct{ Media, Events, PTZ at }
	}
	body := `<GetCapabilities xmlns="` + nsDevice + `"><Category>All</Category></GetCapabilities>`
	got, err := call[capabilities](ctx, c, request{at: c.first(), action: nsDevice + "/GetCapabilities", body: body}, callTime)
	if err != nil {
		return err
	}
	c.serve(nsMedia, got.Capabilities.Media.XAddr)
	c.serve(nsEvents, got.Capabilities.Events.XAddr)
	c.serve(nsPTZ, got.Capabilities.PTZ.XAddr)
	return nil
}

// serve notes where a service is.
func (c *Client) serve(namespace, address string) {
	if !slices.Contains([]string{nsMedia, nsMedia2, nsEvents, nsPTZ}, namespace) {
		return
	}
	if u, err := c.door.bring(address); err == nil && u.Scheme == c.door.base.Scheme {
		c.services[namespace] = u
	}
}

// ask calls an operation of a service.
func ask[T any](ctx context.Context, c *Client, namespace, operation, inner string) (T, error) {
	var none T
	to := c.services[namespace]
	if namespace == nsDevice {
		to = c.device
	}
	if to == nil {
		return none, fmt.Errorf("%w: %s", ErrLacks, operation)
	}
	body := `<` + operation + ` xmlns="` + namespace + `" xmlns:tt="` + nsSchema + `">` + inner + `</` + operation + `>`
	return call[T](ctx, c, request{at: reference{to: to}, action: namespace + "/" + operation, body: body}, callTime)
}

// ErrLacks says that a camera does not have what it is asked for.
var ErrLacks = errors.New("it does not have that")

// About asks what the camera is.
func (c *Client) About(ctx context.Context) (About, error) {
	type device struct{ Manufacturer, Model, FirmwareVersion, SerialNumber string }
	got, err := ask[device](ctx, c, nsDevice, "GetDeviceInformation", "")
	return About{words(got.Manufacturer), words(got.Model), words(got.FirmwareVersion), words(got.SerialNumber)}, err
}

const mostProfiles = 32

// tokenOf is an element that is named by a token.
type tokenOf struct {
	Token string `xml:"token,attr"`
}

type videoSource struct {
	Token       string `xml:"token,attr"`
	SourceToken string
}

type encoder struct {
	Encoding   string
	Resolution struct{ Width, Height int }
}

// Profiles asks in which ways the camera sends pictures: those that a hub can record
// first, each kind from the largest picture to the smallest, of the first lens alone.
func (c *Client) Profiles(ctx context.Context) ([]Profile, error) {
	list, err := c.profiles(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p Profile) bool { return p.Token == "" }) // nobody could ask for it
	if len(list) == 0 {
		return nil, errNoProfile
	}
	lens := list[0].Source
	list = slices.DeleteFunc(list, func(p Profile) bool { return p.Source != lens })
	slices.SortStableFunc(list, func(a, b Profile) int {
		return cmp.Or(cmp.Compare(rank(b.Codec), rank(a.Codec)), cmp.Compare(b.Width*b.Height, a.Width*a.Height))
	})
	return list[:min(len(list), mostProfiles)], nil
}

func rank(codec string) int {
	if codec == "H264" || codec == "H265" {
		return 1
	}
	return 0
}

func (c *Client) profiles(ctx context.Context) (list []Profile, err error) {
	if c.services[nsMedia2] != nil {
		type profiles struct {
			Profiles []struct {
				tokenOf
				Configurations struct {
					VideoSource      videoSource
					VideoEncoder     encoder
					PTZ, AudioOutput tokenOf
				}
			}
		}
		got, err := ask[profiles](ctx, c, nsMedia2, "GetProfiles", "<Type>All</Type>")
		if err == nil && len(got.Profiles) > 0 {
			for _, p := range got.Profiles {
				o := p.Configurations
				list = append(list, Profile{
					Token: p.Token, Codec: codec(o.VideoEncoder.Encoding), Width: side(o.VideoEncoder.Resolution.Width), Height: side(o.VideoEncoder.Resolution.Height),
					Source: o.VideoSource.SourceToken, SourceConfig: o.VideoSource.Token, PTZ: o.PTZ.Token != "", TalkBack: o.AudioOutput.Token != "", media2: true,
				})
			}
			return list, nil
		}
		if errors.Is(err, ErrPassword) || c.services[nsMedia] == nil {
			return nil, cmp.Or(err, errNoProfile)
		}
	}
	type profiles struct {
		Profiles []struct {
			tokenOf
			VideoSourceConfiguration  videoSource
			VideoEncoderConfiguration encoder
			PTZConfiguration          tokenOf
			Extension                 struct{ AudioOutputConfiguration tokenOf }
		}
	}
	got, err := ask[profiles](ctx, c, nsMedia, "GetProfiles", "")
	for _, p := range got.Profiles {
		o, v := p.VideoEncoderConfiguration, p.VideoSourceConfiguration
		list = append(list, Profile{
			Token: p.Token, Codec: codec(o.Encoding), Width: side(o.Resolution.Width), Height: side(o.Resolution.Height),
			Source: v.SourceToken, SourceConfig: v.Token, PTZ: p.PTZConfiguration.Token != "", TalkBack: p.Extension.AudioOutputConfiguration.Token != "",
		})
	}
	if err == nil && len(list) == 0 {
		err = errNoProfile
	}
	return list, err
}

var errNoProfile = errors.New("it sends no pictures: it has no media profile")

func codec(s string) string { return words(strings.ToUpper(strings.ReplaceAll(s, ".", ""))) }

func side(n int) int { return max(0, min(n, mostSide)) }

// uriOf is an address in an answer, of Media and of Media2.
type uriOf struct {
	MediaURI struct{ Uri string } `xml:"MediaUri"` //nolint:revive // the name is ONVIF's
	URI      string               `xml:"Uri"`
}

func (u uriOf) either() string { return cmp.Or(u.MediaURI.Uri, u.URI) }

// Stream asks where a profile's pictures are, over RTSP.
func (c *Client) Stream(ctx context.Context, p Profile) (*url.URL, error) {
	profile := "<ProfileToken>" + escaped(p.Token) + "</ProfileToken>"
	var got uriOf
	var err error
	if p.media2 {
		got, err = ask[uriOf](ctx, c, nsMedia2, "GetStreamUri", "<Protocol>RTSP</Protocol>"+profile)
	} else {
		got, err = ask[uriOf](ctx, c, nsMedia, "GetStreamUri", `<StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup>`+profile)
	}
	if err != nil {
		return nil, err
	}
	u, err := c.door.bring(got.either())
	if err == nil && u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		err = errors.New("its pictures do not come by RTSP")
	}
	return u, err
}

// Snapshot asks where a profile's present picture is.
func (c *Client) Snapshot(ctx context.Context, p Profile) (*url.URL, error) {
	namespace := nsMedia
	if p.media2 {
		namespace = nsMedia2
	}
	got, err := ask[uriOf](ctx, c, namespace, "GetSnapshotUri", "<ProfileToken>"+escaped(p.Token)+"</ProfileToken>")
	if err != nil {
		return nil, err
	}
	return c.door.bring(got.either())
}

// Picture fetches a picture from where Snapshot said that one is.
func (c *Client) Picture(ctx context.Context, at *url.URL) ([]byte, error) {
	return c.door.Picture(ctx, at.String())
}
