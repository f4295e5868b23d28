package api

import (
	"context"
	"net/http"

	"gatehouse/hub/home"
)

// Rules are what the house does by itself, and who is said to be at home.
type Rules interface {
	Rules() []home.Rule
	Rule(home.RuleID) (home.Rule, bool)
	PutRule(ctx context.Context, r home.Rule, by string) (home.Rule, error)
	DeleteRule(ctx context.Context, id home.RuleID, by string) error
	DryRun(context.Context, home.Rule) ([]home.RuleRun, error)
	Runs(home.RuleID) ([]home.RuleRun, error)
	Vocabulary() []home.RuleWord
	Settings() home.RuleSettings
	PutSettings(ctx context.Context, s home.RuleSettings, by string) error
	People() []home.Presence
	SetPresence(ctx context.Context, person string, at bool, by string) (home.Presence, error)
	ForgetPerson(ctx context.Context, person, by string) error
}

// rulePath is the id in the path of a rule.
type rulePath struct {
	ID home.RuleID `path:"id" maxLength:"64" doc:"the rule's id" example:"evening-light"`
}

// ruleRequest is a rule as it is written: what is read can be written back.
type ruleRequest struct {
	ID        home.RuleID  `json:"id,omitempty" maxLength:"64" doc:"if given, the one of the path"`
	Name      string       `json:"name" minLength:"1" maxLength:"80"`
	Enabled   *bool        `json:"enabled,omitempty" default:"true"`
	When      whenRequest  `json:"when" doc:"the event; fields that it does not use are left out"`
	If        string       `json:"if,omitempty" maxLength:"2000" doc:"a condition: GET /api/v1/rules/language lists its words"`
	Then      []actRequest `json:"then" minItems:"1" maxItems:"8"`
	Says      string       `json:"says,omitempty" readOnly:"true" doc:"ignored"`
	Fault     string       `json:"fault,omitempty" readOnly:"true" doc:"ignored"`
	FaultSays *home.Saying `json:"fault_says,omitempty" readOnly:"true" doc:"ignored"`
	Stopped   bool         `json:"stopped,omitempty" readOnly:"true" doc:"ignored: saving a rule starts it again"`
	Next      *home.Time   `json:"next,omitempty" nullable:"true" readOnly:"true" doc:"ignored"`
}

// whenRequest and actRequest hold nothing unknown: a misspelt field would make
// another rule.
type (
	whenRequest home.When
	actRequest  home.Act
)

func (r ruleRequest) rule(id home.RuleID) home.Rule {
	rule := home.Rule{ID: id, Name: r.Name, Enabled: r.Enabled == nil || *r.Enabled, When: home.When(r.When), If: r.If}
	for _, a := range r.Then {
		rule.Then = append(rule.Then, home.Act(a))
	}
	return rule
}

type postRuleInput struct {
	Body ruleRequest
}

type putRuleInput struct {
	rulePath
	Body ruleRequest
}

func (a *API) rules(context.Context, *none) (*out[[]home.Rule], error) {
	return &out[[]home.Rule]{list(a.o.Rules.Rules())}, nil
}

func (a *API) rule(_ context.Context, in *rulePath) (*out[home.Rule], error) {
	r, ok := a.o.Rules.Rule(in.ID)
	if !ok {
		return nil, &home.NotFound{What: "rule", ID: string(in.ID)}
	}
	return &out[home.Rule]{r}, nil
}

func (a *API) postRule(ctx context.Context, in *postRuleInput) (*status[home.Rule], error) {
	r := in.Body.rule(in.Body.ID)
	if _, taken := a.o.Rules.Rule(r.ID); taken {
		return nil, &home.Conflict{Reason: "there is a rule " + string(r.ID) + " already: PUT changes it"}
	}
	r, err := a.o.Rules.PutRule(ctx, r, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &status[home.Rule]{http.StatusCreated, r}, nil
}

func (a *API) putRule(ctx context.Context, in *putRuleInput) (*out[home.Rule], error) {
	if in.Body.ID != "" && in.Body.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	r, err := a.o.Rules.PutRule(ctx, in.Body.rule(in.ID), ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Rule]{r}, nil
}

func (a *API) deleteRule(ctx context.Context, in *rulePath) (*none, error) {
	return nil, a.o.Rules.DeleteRule(ctx, in.ID, ask(ctx).caller.Name)
}

// dryRun of a rule that is saved.
func (a *API) dryRun(ctx context.Context, in *rulePath) (*out[[]home.RuleRun], error) {
	r, err := a.rule(ctx, in)
	if err != nil {
		return nil, err
	}
	return a.tryRule(ctx, r.Body)
}

// dryRunOf a rule that is not.
func (a *API) dryRunOf(ctx context.Context, in *postRuleInput) (*out[[]home.RuleRun], error) {
	return a.tryRule(ctx, in.Body.rule(in.Body.ID))
}

func (a *API) tryRule(ctx context.Context, r home.Rule) (*out[[]home.RuleRun], error) {
	runs, err := a.o.Rules.DryRun(ctx, r)
	if err != nil {
		return nil, err
	}
	return &out[[]home.RuleRun]{list(runs)}, nil
}

func (a *API) ruleRuns(_ context.Context, in *rulePath) (*out[[]home.RuleRun], error) {
	runs, err := a.o.Rules.Runs(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[[]home.RuleRun]{list(runs)}, nil
}

func (a *API) ruleLanguage(context.Context, *none) (*out[[]home.RuleWord], error) {
	return &out[[]home.RuleWord]{list(a.o.Rules.Vocabulary())}, nil
}

func (a *API) ruleSettings(context.Context, *none) (*out[home.RuleSettings], error) {
	return &out[home.RuleSettings]{a.o.Rules.Settings()}, nil
}

type ruleSettingsInput struct {
	Body ruleSettingsRequest
}

type ruleSettingsRequest struct {
	Latitude  *float64   `json:"latitude" nullable:"true" minimum:"-90" maximum:"90" doc:"degrees, north is positive; null forgets the place"`
	Longitude *float64   `json:"longitude" nullable:"true" minimum:"-180" maximum:"180" doc:"degrees, east is positive"`
	Zone      string     `json:"zone,omitempty" readOnly:"true" doc:"ignored: it is the home's"`
	Sunrise   *home.Time `json:"sunrise,omitempty" nullable:"true" readOnly:"true" doc:"ignored"`
	Sunset    *home.Time `json:"sunset,omitempty" nullable:"true" readOnly:"true" doc:"ignored"`
}

func (a *API) putRuleSettings(ctx context.Context, in *ruleSettingsInput) (*out[home.RuleSettings], error) {
	s := home.RuleSettings{Latitude: in.Body.Latitude, Longitude: in.Body.Longitude}
	if err := a.o.Rules.PutSettings(ctx, s, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return a.ruleSettings(ctx, nil)
}

// personPath is the name in the path of a person.
type personPath struct {
	Person string `path:"person" maxLength:"160" doc:"what the family calls them" example:"Ada"`
}

type presenceInput struct {
	personPath
	Body presenceRequest
}

type presenceRequest struct {
	Home bool `json:"home" doc:"true: at home"`
}

func (a *API) people(context.Context, *none) (*out[[]home.Presence], error) {
	return &out[[]home.Presence]{list(a.o.Rules.People())}, nil
}

func (a *API) putPresence(ctx context.Context, in *presenceInput) (*out[home.Presence], error) {
	p, err := a.o.Rules.SetPresence(ctx, in.Person, in.Body.Home, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Presence]{p}, nil
}

func (a *API) forgetPerson(ctx context.Context, in *personPath) (*none, error) {
	return nil, a.o.Rules.ForgetPerson(ctx, in.Person, ask(ctx).caller.Name)
}
