package onvif

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is what a camera notices.
type Kind string

// Kinds that the hub knows. What else a camera tells is left alone.
const (
	Motion   Kind = "motion"
	Person   Kind = "person"
	Doorbell Kind = "doorbell"
	Covered  Kind = "covered" // something is before the lens, or it was turned away
)

// topics are what cameras call them: a row is the beginning of a topic without
// prefixes, and the data item that says whether it is so. The first row that fits
// counts.
var topics = []struct {
	topic string
	item  string // "": whichever is a truth
	kind  Kind
	how   how
}{
	{"RuleEngine/MyRuleDetector/Visitor", "", Doorbell, 0}, // Reolink, as the next two
	{"RuleEngine/MyRuleDetector/PeopleDetect", "", Person, 0},
	{"RuleEngine/MyRuleDetector/FaceDetect", "", Person, 0},
	{"RuleEngine/PeopleDetector/People", "", Person, 0}, // TP-Link, as the next
	{"RuleEngine/TPSmartEventDetector/TPSmartEvent", "IsPeople", Person, only},
	{"UserAlarm/IVA/HumanShapeDetect", "", Person, 0}, // Dahua, Amcrest
	{"RuleEngine/HumanDetector/Human", "", Person, 0},
	{"RuleEngine/CellMotionDetector/Motion", "", Motion, 0}, // ONVIF Analytics, annex A, as the next three
	{"RuleEngine/MotionRegionDetector/Motion", "", Motion, 0},
	{"RuleEngine/FieldDetector/ObjectsInside", "IsInside", Motion, only},
	{"RuleEngine/LineDetector/Crossed", "", Motion, moment},
	{"VideoSource/MotionAlarm", "", Motion, 0}, // ONVIF Imaging, as the last two
	{"RuleEngine/TamperDetector/Tamper", "", Covered, 0},
	{"VideoSource/GlobalSceneChange", "", Covered, 0},
	{"VideoSource/ImageTooDark", "", Covered, 0},
}

// how a topic says what it says.
type how byte

const (
	only   how = iota + 1 // by the item of this name; without it, it speaks of something else
	moment                // by being sent: it has no end
)

// Notice is one thing that a camera tells.
type Notice struct {
	Kind   Kind
	Source string // which of its detectors
	On     bool
	Moment bool // it has no end
	Before bool // it was so when the hub began to listen
}

// mostSource is what is remembered of a detector's name: some have four items.
const mostSource = 1000

type item struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:"Value,attr"`
}

// notification is a message of WS-BaseNotification that holds one of ONVIF (Core §9.5).
type notification struct {
	Topic   string
	Message struct {
		Message struct {
			Operation string `xml:"PropertyOperation,attr"`
			Source    []item `xml:"Source>SimpleItem"`
			Data      []item `xml:"Data>SimpleItem"`
		}
	}
}

// notice is what a message says; false: nothing that the hub knows.
func (n notification) notice() (Notice, bool) {
	topic := bare(n.Topic)
	for _, row := range topics {
		if topic != row.topic && !strings.HasPrefix(topic, row.topic+"/") {
			continue
		}
		m := n.Message.Message
		out := Notice{Kind: row.kind, Source: topic, Before: m.Operation == "Initialized"}
		for _, s := range m.Source {
			out.Source += " " + words(s.Name) + "=" + words(s.Value)
		}
		if len(out.Source) > mostSource {
			out.Source = out.Source[:mostSource]
		}
		if m.Operation == "Deleted" {
			return out, row.how != moment
		}
		if row.how == moment {
			out.Moment = true
			return out, true
		}
		for _, d := range m.Data {
			if on, ok := truthOf(d.Value); ok && (row.item == "" || d.Name == row.item) {
				out.On = on
				return out, true
			}
		}
		out.Moment = true
		return out, row.how != only
	}
	return Notice{}, false
}

// bare is a topic without the prefixes of its namespaces, of which each camera has its
// own.
func bare(topic string) string {
	var parts []string
	for p := range strings.SplitSeq(strings.TrimSpace(topic), "/") {
		_, name, found := strings.Cut(p, ":")
		if !found {
			name = p
		}
		parts = append(parts, words(name))
	}
	return strings.Join(parts, "/")
}

func truthOf(s string) (on, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "on", "active":
		return true, true
	case "false", "0", "off", "inactive":
		return false, true
	}
	return false, false
}

// subscription is what the hub listens to.
type subscription struct {
	at    reference
	until time.Time // by the hub's clock
}

const (
	lifetime     = time.Minute      // of a subscription, as it is asked for
	pull         = 20 * time.Second // how long a camera may wait for something to tell
	mostNotices  = 100
	leastLife    = 5 * time.Second
	subManager   = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/"
	pullAction   = nsEvents + "/PullPointSubscription/PullMessagesRequest"
	createAction = nsEvents + "/EventPortType/CreatePullPointSubscriptionRequest"
)

var errNoEvents = errors.New("it has no events that can be fetched (ONVIF PullPoint)")

// subscribe begins to listen.
func (c *Client) subscribe(ctx context.Context) (subscription, error) {
	to := c.services[nsEvents]
	if to == nil {
		return subscription{}, errNoEvents
	}
	body := fmt.Sprintf(`<CreatePullPointSubscription xmlns=%q><InitialTerminationTime>PT%dS</InitialTerminationTime></CreatePullPointSubscription>`, nsEvents, int(lifetime.Seconds()))
	got, err := call[struct {
		SubscriptionReference struct {
			Address             string
			ReferenceParameters struct {
				All []parameterOf `xml:",any"`
			}
		}
		terms
	}](ctx, c, request{at: reference{to: to}, action: createAction, body: body}, callTime)
	var f *Fault
	switch {
	case errors.As(err, &f):
		return subscription{}, fmt.Errorf("%w: %s", errNoEvents, f.Reason)
	case err != nil:
		return subscription{}, err
	}
	s := subscription{until: time.Now().Add(got.lasts())}
	if s.at.to, err = c.door.bring(cmp.Or(got.SubscriptionReference.Address, to.String())); err != nil {
		return subscription{}, err
	}
	if s.at.to.Scheme != c.door.base.Scheme {
		return subscription{}, errElsewhere
	}
	for _, p := range got.SubscriptionReference.ReferenceParameters.All {
		if p.XMLName.Space != "" && len(s.at.params) < 8 {
			s.at.params = append(s.at.params, p)
		}
	}
	return s, nil
}

// terms are how long a subscription lasts. Both times are the camera's.
type terms struct{ CurrentTime, TerminationTime string }

func (t terms) lasts() time.Duration {
	from, err1 := time.Parse(time.RFC3339, strings.TrimSpace(t.CurrentTime))
	until, err2 := time.Parse(time.RFC3339, strings.TrimSpace(t.TerminationTime))
	if err1 != nil || err2 != nil || !until.After(from) {
		return lifetime
	}
	return max(leastLife, min(until.Sub(from), time.Hour))
}

// pull waits until the camera has something to tell, or for a while.
func (c *Client) pull(ctx context.Context, s *subscription) ([]Notice, error) {
	body := fmt.Sprintf(`<PullMessages xmlns=%q><Timeout>PT%dS</Timeout><MessageLimit>%d</MessageLimit></PullMessages>`, nsEvents, int(pull.Seconds()), mostNotices)
	got, err := call[struct {
		terms
		NotificationMessage []notification
	}](ctx, c, request{at: s.at, action: pullAction, body: body}, pull+callTime)
	if err != nil {
		return nil, err
	}
	if got.TerminationTime != "" { // some prolong it with each of these
		if until := time.Now().Add(got.lasts()); until.After(s.until) {
			s.until = until
		}
	}
	var list []Notice
	for _, n := range got.NotificationMessage[:min(len(got.NotificationMessage), mostNotices)] {
		if notice, ok := n.notice(); ok {
			list = append(list, notice)
		}
	}
	return list, nil
}

// renew has a subscription last longer. A camera that does not know how is left to
// end it, and asked for another then.
func (c *Client) renew(ctx context.Context, s *subscription) error {
	body := fmt.Sprintf(`<Renew xmlns=%q><TerminationTime>PT%dS</TerminationTime></Renew>`, nsNotify, int(lifetime.Seconds()))
	got, err := call[terms](ctx, c, request{at: s.at, action: subManager + "RenewRequest", body: body}, callTime)
	if err == nil {
		s.until = time.Now().Add(got.lasts())
	}
	return err
}

// unsubscribe has the camera forget the hub. It would anyway, after a while.
func (c *Client) unsubscribe(ctx context.Context, s subscription) {
	_, _ = call[struct{}](ctx, c, request{at: s.at, action: subManager + "UnsubscribeRequest", body: `<Unsubscribe xmlns="` + nsNotify + `"/>`}, 2*time.Second)
}

// Topics asks which kinds the camera says that it can notice. One that does not say
// may all the same.
func (c *Client) Topics(ctx context.Context) (map[Kind]bool, error) {
	to := c.services[nsEvents]
	if to == nil {
		return nil, errNoEvents
	}
	got, err := call[struct {
		TopicSet struct {
			Inner []byte `xml:",innerxml"`
		}
	}](ctx, c, request{at: reference{to: to}, action: nsEvents + "/EventPortType/GetEventPropertiesRequest", body: `<GetEventProperties xmlns="` + nsEvents + `"/>`}, callTime)
	if err != nil {
		return nil, err
	}
	return topicSet(got.TopicSet.Inner), nil
}

// topicSet is the kinds that stand in a tree of topics (WS-Topics 1.3 §5).
func topicSet(inner []byte) map[Kind]bool {
	kinds := map[Kind]bool{}
	d := xml.NewDecoder(bytes.NewReader(inner))
	var path []string
	for {
		token, err := d.RawToken()
		if err != nil || len(path) > mostDepth {
			return kinds
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			here := strings.Join(path, "/")
			for _, row := range topics {
				if here == row.topic {
					kinds[row.kind] = true
				}
			}
		case xml.EndElement:
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		}
	}
}
