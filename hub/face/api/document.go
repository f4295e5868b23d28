package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// Version is the version of the HTTP API, not of the hub.
const Version = "1.0.0"

// newDocument makes the document of the JSON routes, still without any.
func newDocument() *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for t, alias := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[huma.ErrorModel](): reflect.TypeFor[Problem](),
		reflect.TypeFor[home.Value]():      reflect.TypeFor[valueSchema](),
		reflect.TypeFor[home.Mode]():       reflect.TypeFor[modeSchema](),
		reflect.TypeFor[home.Phase]():      reflect.TypeFor[phaseSchema](),
		reflect.TypeFor[home.ZoneKind]():   reflect.TypeFor[zoneKindSchema](),
		reflect.TypeFor[home.Trait]():      reflect.TypeFor[traitSchema](),
		reflect.TypeFor[home.Severity]():   reflect.TypeFor[severitySchema](),
		reflect.TypeFor[home.RuleEvent]():  reflect.TypeFor[ruleEventSchema](),
		reflect.TypeFor[home.Move]():       reflect.TypeFor[moveSchema](),
		reflect.TypeFor[home.ActKind]():    reflect.TypeFor[actKindSchema](),
		reflect.TypeFor[home.Health]():     reflect.TypeFor[healthSchema](),
		reflect.TypeFor[home.Problem]():    reflect.TypeFor[problemSchema](),
		reflect.TypeFor[home.Security]():   reflect.TypeFor[securitySchema](),
		reflect.TypeFor[auth.Role]():       reflect.TypeFor[roleSchema](),
		reflect.TypeFor[auth.Stage]():      reflect.TypeFor[stageSchema](),
		reflect.TypeFor[auth.Step]():       reflect.TypeFor[stepSchema](),
		reflect.TypeFor[auth.Right]():      reflect.TypeFor[rightSchema](),
	} {
		registry.RegisterTypeAlias(t, alias)
	}
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Gatehouse", Version: Version,
			Description: "The home security hub. Times are RFC 3339 with milliseconds, durations are Go strings (\"30s\"), ids are stable for ever. Errors are problem documents (RFC 9457).",
			License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"session": {Type: "apiKey", In: "cookie", Name: auth.CookieName(true), Description: "a person, signed in with password and second factor"},
				"token":   {Type: "http", Scheme: "bearer", Description: "a program, with a token made by the owner"},
			},
		},
	}
}

// finishDocument makes openapi.json from what was registered.
func (a *API) finishDocument() error {
	doc := a.spec
	schemas := doc.Components.Schemas
	schemas.Schema(reflect.TypeFor[Problem](), true, "")
	schemas.Schema(reflect.TypeFor[streamed](), true, "")
	schemas.Schema(reflect.TypeFor[liveText](), true, "")
	schemas.Schema(reflect.TypeFor[talkText](), true, "")
	for name, s := range schemas.Map() {
		refine(s, schemas.TypeFromRef("#/components/schemas/"+name), strings.HasSuffix(name, "Request"))
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch} {
			if op == nil {
				continue
			}
			for _, answer := range op.Responses {
				for _, m := range answer.Content {
					m.Schema.Nullable = false // a list is never null
				}
			}
			op.Responses["default"] = problemResponse()
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("api: openapi: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return fmt.Errorf("api: openapi: %w", err)
	}
	out.WriteByte('\n')
	a.doc = out.Bytes()
	return nil
}

func problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem: see its code",
		Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}},
		},
	}
}

// refine says what the generator cannot know: formats of the house's own types,
// objects that may be null, lists that never are. What is answered may grow;
// what is asked may not hold anything unknown.
func refine(s *huma.Schema, t reflect.Type, asked bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	if !asked {
		s.AdditionalProperties = nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.Properties[name]
		if p == nil {
			continue
		}
		base := f.Type
		for base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		switch {
		case base == reflect.TypeFor[home.Time]():
			p.Format = "date-time"
		case base == reflect.TypeFor[home.Duration]():
			p.Examples = []any{"30s"}
		case p.Type == huma.TypeArray && !asked:
			p.Nullable = false
		case p.Ref != "" && f.Type.Kind() == reflect.Pointer && opts == "":
			s.Properties[name] = &huma.Schema{
				AnyOf:       []*huma.Schema{{Ref: p.Ref}, {Type: "null"}},
				Description: p.Description,
			}
		}
	}
}

func (a *API) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(a.doc) // the client may be gone
}

func operationID(method, path string) string {
	path = strings.TrimPrefix(path, "/api/v1")
	id := strings.ToLower(method)
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '-' || r == '.' || r == '{' || r == '}' }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// The schemas of words. Each stands in for a type of another room, which knows
// nothing of documents.
type (
	valueSchema     struct{}
	modeSchema      struct{}
	phaseSchema     struct{}
	zoneKindSchema  struct{}
	traitSchema     struct{}
	severitySchema  struct{}
	ruleEventSchema struct{}
	moveSchema      struct{}
	actKindSchema   struct{}
	healthSchema    struct{}
	problemSchema   struct{}
	securitySchema  struct{}
	roleSchema      struct{}
	stageSchema     struct{}
	stepSchema      struct{}
	rightSchema     struct{}
)

func words[T ~string](list ...T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, w := range list {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

func (valueSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "a word, a truth or a number in the unit of its trait; null while not known",
		AnyOf:       []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeBoolean}, {Type: huma.TypeNumber}, {Type: "null"}},
	}
}

func (modeSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: ptr(64),
		Description: "disarmed, home, night, away, or a mode of the owner's own",
		Examples:    []any{string(home.Away)},
	}
}

func (phaseSchema) Schema(huma.Registry) *huma.Schema {
	return words(home.PhaseDisarmed, home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm)
}
func (zoneKindSchema) Schema(huma.Registry) *huma.Schema  { return words(home.ZoneKinds...) }
func (traitSchema) Schema(huma.Registry) *huma.Schema     { return words(home.Traits...) }
func (ruleEventSchema) Schema(huma.Registry) *huma.Schema { return words(home.RuleEvents...) }
func (moveSchema) Schema(huma.Registry) *huma.Schema {
	return words(home.Leaves, home.Arrives, home.LastOut, home.FirstIn)
}

func (actKindSchema) Schema(huma.Registry) *huma.Schema {
	return words(home.ActCommand, home.ActArm, home.ActTell)
}

func (severitySchema) Schema(huma.Registry) *huma.Schema {
	return words(home.SeverityCritical, home.SeverityWarning, home.SeverityInfo)
}

func (healthSchema) Schema(huma.Registry) *huma.Schema {
	return words(home.HealthOK, home.HealthJoining, home.HealthLate, home.HealthMissing, home.HealthFailed)
}

func (problemSchema) Schema(huma.Registry) *huma.Schema {
	return words(home.NotEnrolled, home.NotReporting)
}

func (securitySchema) Schema(huma.Registry) *huma.Schema {
	return words(home.SecurityNone, home.SecurityS0, home.SecurityS2Unauthenticated, home.SecurityS2Authenticated,
		home.SecurityS2AccessControl, home.SecurityInstallCode, home.SecurityLinkKey)
}
func (roleSchema) Schema(huma.Registry) *huma.Schema { return words(auth.Roles...) }
func (stageSchema) Schema(huma.Registry) *huma.Schema {
	return words("none", auth.StageEnrol, auth.StagePending, auth.StageFull)
}

func (stepSchema) Schema(huma.Registry) *huma.Schema {
	return words(auth.StepClaim, auth.StepPassword, auth.StepTOTP, auth.StepRecovery, auth.StepFinish, auth.StepDone)
}
func (rightSchema) Schema(huma.Registry) *huma.Schema { return words(auth.Rights...) }
