package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// Views is the record of who watched what.
type Views interface {
	// Watch puts a view on record; nothing may be shown when it fails.
	Watch(ctx context.Context, now time.Time, v audit.View) error
	// Record is Watch for a view that is one request, however long.
	Record(ctx context.Context, now time.Time, v audit.View) (audit.Entry, error)
	Page(audit.Query) (list []audit.Entry, next string, err error)
	Check(remembered audit.Head) (audit.Findings, error)
	Export(io.Writer) error
}

// recordWithin is how long a viewer waits for the record's disk.
const recordWithin = 5 * time.Second

// watched puts on record that the caller looks at v. Whoever gives out media
// calls it before the first byte, and gives out nothing when it fails.
func (a *API) watched(ctx context.Context, v audit.View) error {
	return a.onRecord(ctx, v, func(ctx context.Context, v audit.View) error { return a.o.Views.Watch(ctx, time.Now(), v) })
}

// onRecord has write put a view of the caller's on record.
func (a *API) onRecord(ctx context.Context, v audit.View, write func(context.Context, audit.View) error) error {
	as := ask(ctx)
	v.Who, v.Caller, v.By, v.Role = as.caller.Name, as.caller.User, string(as.caller.Kind), string(as.caller.Role)
	if as.caller.Kind == auth.ByToken {
		v.Caller = as.caller.ID
	}
	v.From, v.Agent = as.client.Addr.String(), as.client.Agent
	refused := problem(http.StatusServiceUnavailable, codeNotOnRecord,
		"Who watches or speaks is written down first, and the hub can't write now. Nothing was shown or said; Health says why.").wait(recordWithin)
	if a.o.Views == nil {
		return refused
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	if err := write(ctx, v); err != nil {
		a.log.Error("media refused: the view is not on record", "camera", v.Camera, "err", err)
		return refused
	}
	return nil
}

type viewsInput struct {
	Since  time.Time     `query:"since" doc:"not before"`
	Until  time.Time     `query:"until" doc:"before"`
	Kind   audit.Kind    `query:"kind" enum:"clip,still,live,export,talk"`
	Camera home.DeviceID `query:"camera" maxLength:"64"`
	Clip   string        `query:"clip" maxLength:"200"`
	Caller string        `query:"caller" maxLength:"200" doc:"id of an account or token; whoever may not read all views reads their own"`
	Limit  int           `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor string        `query:"cursor" maxLength:"200" doc:"next of the page before"`
}

// viewPage is one page of the record, newest first.
type viewPage struct {
	Views []audit.Entry `json:"views"`
	Next  string        `json:"next" doc:"cursor of the next page; empty on the last"`
	All   bool          `json:"all" doc:"these are everybody's views; false: your own"`
}

// record is the record of views, if this hub has one.
func (a *API) record() (Views, error) {
	if a.o.Views == nil {
		return nil, &home.Conflict{Reason: "this hub keeps no record of views, and so shows nothing"}
	}
	return a.o.Views, nil
}

func (a *API) views(ctx context.Context, in *viewsInput) (*out[viewPage], error) {
	views, err := a.record()
	if err != nil {
		return nil, err
	}
	c := ask(ctx).caller
	all := c.May(auth.ViewsAll)
	if !all {
		if in.Caller = c.User; c.Kind == auth.ByToken {
			in.Caller = c.ID
		}
	}
	list, next, err := views.Page(audit.Query{
		Since: in.Since, Until: in.Until, Kind: in.Kind, Camera: in.Camera, Clip: in.Clip, Caller: in.Caller, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []audit.Entry{}
	}
	return &out[viewPage]{viewPage{list, next, all}}, nil
}

type checkInput struct {
	N    uint64 `query:"n" doc:"number of an entry that you remember"`
	Hash string `query:"hash" maxLength:"64" doc:"and its hash"`
}

func (a *API) checkViews(_ context.Context, in *checkInput) (*out[audit.Findings], error) {
	views, err := a.record()
	if err != nil {
		return nil, err
	}
	remembered := audit.Head{N: in.N}
	if in.N > 0 {
		if err := remembered.Hash.UnmarshalText([]byte(in.Hash)); err != nil {
			return nil, invalidField("query", "hash", err.Error())
		}
	}
	v, err := views.Check(remembered)
	if err != nil {
		return nil, err
	}
	v.Breaks = list(v.Breaks)
	return &out[audit.Findings]{v}, nil
}

func (a *API) exportViews(w http.ResponseWriter, r *http.Request) {
	views, err := a.record()
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="views.jsonl"`)
	if err := views.Export(w); err != nil {
		if r.Context().Err() == nil {
			a.log.Error("views not exported to their end", "err", err)
		}
		panic(http.ErrAbortHandler) // a part must not look like all
	}
}
