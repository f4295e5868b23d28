package api

import (
	"context"
	"net/http"

	"gatehouse/hub/home"
)

// codePath is the id in the path of a code.
type codePath struct {
	ID string `path:"id" maxLength:"64"`
}

func (a *API) codes(context.Context, *none) (*out[[]home.Code], error) {
	codes := []home.Code{}
	for _, c := range a.o.Codes.Codes() {
		codes = append(codes, readable(c))
	}
	return &out[[]home.Code]{codes}, nil
}

func (a *API) code(_ context.Context, in *codePath) (*out[home.Code], error) {
	for _, c := range a.o.Codes.Codes() {
		if c.ID == in.ID {
			return &out[home.Code]{readable(c)}, nil
		}
	}
	return nil, &home.NotFound{What: "code", ID: in.ID}
}

// readable is a code without its digits, whatever the panel returned.
func readable(c home.Code) home.Code {
	c.Code = ""
	c.Areas = list(c.Areas)
	return c
}

type codeRequest struct {
	ID       string     `json:"id,omitempty" maxLength:"64" doc:"if given, the one of the path"`
	Person   string     `json:"person" minLength:"1" maxLength:"80"`
	Kind     string     `json:"kind" enum:"user,duress,guest,installer"`
	Code     string     `json:"code,omitempty" writeOnly:"true" pattern:"^[0-9]{5,12}$" patternDescription:"5 to 12 digits" doc:"a new code without it gets six digits from the hub, in the answer, this once; an old one keeps its digits"`
	Areas    []string   `json:"areas,omitempty" maxItems:"32"`
	Schedule string     `json:"schedule,omitempty" maxLength:"200" doc:"when it is good, by the home's clock: Mon-Fri 08:00-17:00; Sat 10:00-12:00"`
	Expires  *home.Time `json:"expires,omitempty" nullable:"true"`
	UsesLeft *int       `json:"uses_left,omitempty" nullable:"true" minimum:"0" maximum:"1000000"`
	Only     string     `json:"only,omitempty" enum:",arm,disarm" doc:"what the code is limited to; nothing: both"`
	Disabled bool       `json:"disabled,omitempty" doc:"refused like any wrong code until this is turned off"`
}

func (r codeRequest) code(id string) home.Code {
	return home.Code{
		ID: id, Person: r.Person, Kind: r.Kind, Code: r.Code, Areas: list(r.Areas),
		Schedule: r.Schedule, Expires: r.Expires, UsesLeft: r.UsesLeft, Only: r.Only, Disabled: r.Disabled,
	}
}

type postCodeInput struct {
	Body codeRequest
}

type putCodeInput struct {
	codePath
	Body codeRequest
}

func (a *API) postCode(ctx context.Context, in *postCodeInput) (*status[home.Code], error) {
	c, err := a.o.Codes.PutCode(ctx, in.Body.code(""), ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	shown := readable(c)
	if in.Body.Code == "" {
		shown.Code = c.Code // the panel chose them: nobody else can say what they are
	}
	return &status[home.Code]{http.StatusCreated, shown}, nil
}

func (a *API) putCode(ctx context.Context, in *putCodeInput) (*out[home.Code], error) {
	if in.Body.ID != "" && in.Body.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	c, err := a.o.Codes.PutCode(ctx, in.Body.code(in.ID), ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Code]{readable(c)}, nil
}

func (a *API) deleteCode(ctx context.Context, in *codePath) (*none, error) {
	return nil, a.o.Codes.DeleteCode(ctx, in.ID, ask(ctx).caller.Name)
}
