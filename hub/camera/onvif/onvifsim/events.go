package onvifsim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Topics of the device.
const (
	motionTopic   = "tns1:RuleEngine/CellMotionDetector/Motion"
	personTopic   = "tns1:RuleEngine/MyRuleDetector/PeopleDetect"
	doorbellTopic = "tns1:RuleEngine/MyRuleDetector/Visitor"
	coveredTopic  = "tns1:VideoSource/GlobalSceneChange/AnalyticsService"
)

var topicOrder = []string{motionTopic, personTopic, doorbellTopic, coveredTopic}

// subscription is one who listens.
type subscription struct {
	until   time.Time // by the true time
	waiting []string  // messages that were not fetched yet
	news    chan struct{}
	ended   chan struct{}
}

const life = time.Minute

func (d *Device) say(topic string, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.states[topic] == on {
		return
	}
	d.states[topic] = on
	d.expire()
	for _, s := range d.subs {
		s.waiting = append(s.waiting, d.message(topic, "Changed"))
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

// message is a notification that a topic says what it says; the lock is held.
func (d *Device) message(topic, operation string) string {
	source, name := `<tt:SimpleItem Name="Source" Value="000"/>`, "State"
	if topic == motionTopic {
		source = `<tt:SimpleItem Name="VideoSourceConfigurationToken" Value="vsconf"/><tt:SimpleItem Name="VideoAnalyticsConfigurationToken" Value="an"/><tt:SimpleItem Name="Rule" Value="MyMotionDetectorRule"/>`
		name = "IsMotion"
	}
	return fmt.Sprintf(`<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">%s</wsnt:Topic><wsnt:Message><tt:Message UtcTime="%s" PropertyOperation="%s"><tt:Source>%s</tt:Source><tt:Data><tt:SimpleItem Name="%s" Value="%t"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`,
		topic, d.now().Format(time.RFC3339), operation, source, name, d.states[topic])
}

// expire forgets who has not asked for too long; the lock is held.
func (d *Device) expire() {
	for id, s := range d.subs {
		if time.Now().After(s.until) {
			d.end(id)
		}
	}
}

func (d *Device) end(id string) {
	close(d.subs[id].ended)
	delete(d.subs, id)
}

// subscriber is whose request it is: by its address, or by a header with Axis.
func (d *Device) subscriber(in asked, path string) string {
	if d.quirks.Axis {
		return in.Header.SubscriptionID
	}
	return strings.TrimPrefix(path, "/onvif/Events/PullSubManager_")
}

// times are the two that go with everything about a subscription.
func (d *Device) times(namespace string, s *subscription) string {
	return fmt.Sprintf(`<%[1]s:CurrentTime>%[2]s</%[1]s:CurrentTime><%[1]s:TerminationTime>%[3]s</%[1]s:TerminationTime>`,
		namespace, d.now().Format(time.RFC3339), s.until.Add(d.quirks.Clock).UTC().Format(time.RFC3339))
}

var unknown = &fault{"Sender", "ResourceUnknownFault", "The subscription is not known"}

// events carries out what has to do with events; the lock is held.
func (d *Device) events(in asked) (body string, f *fault, ok bool) {
	what := in.Body.What
	switch what.XMLName.Local {
	case "GetEventProperties":
		return d.topics(), nil, true
	case "CreatePullPointSubscription":
		if d.quirks.NoPull {
			return "", &fault{"Receiver", "ActionNotSupported", "Optional Action Not Implemented"}, true
		}
		d.made++
		id := fmt.Sprint(d.made)
		s := &subscription{until: time.Now().Add(life), news: make(chan struct{}, 1), ended: make(chan struct{})}
		for _, t := range topicOrder {
			s.waiting = append(s.waiting, d.message(t, "Initialized"))
		}
		s.news <- struct{}{}
		d.subs[id] = s
		at := fmt.Sprintf(`<wsa5:Address>%s/onvif/Events/PullSubManager_%s</wsa5:Address>`, d.site(), id)
		if d.quirks.Axis {
			at = fmt.Sprintf(`<wsa5:Address>%s/onvif/events</wsa5:Address><wsa5:ReferenceParameters><dom0:SubscriptionId xmlns:dom0="http://www.axis.com/2009/event">%s</dom0:SubscriptionId></wsa5:ReferenceParameters>`, d.site(), id)
		}
		return `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>` + at + `</tev:SubscriptionReference>` + d.times("wsnt", s) + `</tev:CreatePullPointSubscriptionResponse>`, nil, true
	case "Renew", "Unsubscribe":
		id := d.subscriber(in, pathOf(in.Header.To))
		s := d.subs[id]
		switch {
		case s == nil:
			return "", unknown, true
		case what.XMLName.Local == "Unsubscribe":
			d.end(id)
			return `<wsnt:UnsubscribeResponse/>`, nil, true
		case d.quirks.NoRenew:
			return "", &fault{"Receiver", "ActionNotSupported", "Optional Action Not Implemented"}, true
		}
		s.until = time.Now().Add(life)
		return `<wsnt:RenewResponse>` + swap(d.times("wsnt", s)) + `</wsnt:RenewResponse>`, nil, true
	}
	return "", nil, false
}

// swap puts the later of two times first, as RenewResponse has them.
func swap(s string) string {
	i := strings.Index(s, "<wsnt:TerminationTime>")
	return s[i:] + s[:i]
}

func pathOf(to string) string {
	_, rest, _ := strings.Cut(to, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

func (d *Device) topics() string {
	const topic = ` wstop:topic="true"/>`
	return `<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet><tns1:RuleEngine><CellMotionDetector><Motion` + topic + `</CellMotionDetector><MyRuleDetector><PeopleDetect` + topic + `<Visitor` + topic + `</MyRuleDetector></tns1:RuleEngine><tns1:VideoSource><GlobalSceneChange><AnalyticsService` + topic + `</GlobalSceneChange></tns1:VideoSource></wstop:TopicSet><wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet</wsnt:TopicExpressionDialect><tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter</tev:MessageContentFilterDialect><tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation></tev:GetEventPropertiesResponse>`
}

// pullMessages waits until there is something to tell, or as long as it may.
func (d *Device) pullMessages(r *http.Request, in asked) (string, *fault) {
	wait, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(in.Body.What.Timeout, "PT"))) // of xs:duration, what clients use
	if err != nil || wait < 0 || wait > time.Minute {
		return "", &fault{"Sender", "InvalidArgVal", "Timeout"}
	}
	d.mu.Lock()
	d.expire()
	s := d.subs[d.subscriber(in, r.URL.Path)]
	d.mu.Unlock()
	if s == nil {
		return "", unknown
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	select {
	case <-r.Context().Done():
	case <-patience.C:
	case <-s.news:
	case <-s.ended:
		return "", unknown
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	messages := s.waiting
	s.waiting = nil
	return `<tev:PullMessagesResponse>` + d.times("tev", s) + strings.Join(messages, "") + `</tev:PullMessagesResponse>`, nil
}
