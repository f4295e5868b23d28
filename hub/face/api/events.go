package api

import (
	"context"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

type eventsInput struct {
	Since  time.Time     `query:"since" doc:"not before"`
	Until  time.Time     `query:"until" doc:"before"`
	Kind   string        `query:"kind" enum:"reading,alarm,trouble,device,command,access,system,rule,person"`
	Device home.DeviceID `query:"device" maxLength:"64"`
	Limit  int           `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor string        `query:"cursor" maxLength:"200" doc:"next of the page before"`
}

// eventPage is one page of the journal, newest first.
type eventPage struct {
	Events []home.Event `json:"events"`
	Next   string       `json:"next" doc:"cursor of the next page; empty on the last"`
}

func (a *API) events(_ context.Context, in *eventsInput) (*out[eventPage], error) {
	events, next, err := a.o.Journal.Page(journal.Query{
		Since: in.Since, Until: in.Until, Kind: in.Kind, Device: in.Device, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return &out[eventPage]{eventPage{list(events), next}}, nil
}
