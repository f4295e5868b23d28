package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// Problem is the body of every refusal (RFC 9457, media type
// application/problem+json). Code is stable for ever and is what a program
// should look at; Type is the same code as a URI; Detail is for a person.
type Problem struct {
	Type       string             `json:"type" doc:"urn:gatehouse:problem: and the code" example:"urn:gatehouse:problem:not-ready"`
	Title      string             `json:"title" doc:"the kind of problem in a few words"`
	Status     int                `json:"status" doc:"HTTP status"`
	Code       string             `json:"code" doc:"stable word for programs" example:"not-ready"`
	Detail     string             `json:"detail" doc:"what is wrong this time, and the mend"`
	Errors     []FieldProblem     `json:"errors,omitempty" doc:"the fields that are wrong"`
	Open       []home.ZoneID      `json:"open,omitempty" doc:"not-ready: zones that are open"`
	Troubles   []home.TroubleItem `json:"troubles,omitempty" doc:"not-ready: troubles that keep the mode from being armed"`
	TriesLeft  *int               `json:"tries_left,omitempty" doc:"wrong-code, wrong-sign-in: tries before a wait begins"`
	RetryAfter *int               `json:"retry_after,omitempty" doc:"seconds to wait; the Retry-After header says the same"`

	cause error // for the log, never for the wire
}

// FieldProblem names one field and what it wants.
type FieldProblem struct {
	Field  string `json:"field" doc:"JSON name of the field, dots between levels" example:"exit_delay"`
	In     string `json:"in" doc:"body, query, path or header"`
	Reason string `json:"reason" doc:"what is wrong with it and what it wants"`
	// Says is the reason for programs that speak other languages, where it has a code.
	Says *home.Saying `json:"says,omitempty" doc:"the reason as a code and what goes into it, where it has one"`
}

// Codes of problems.
const (
	codeInvalid       = "invalid"
	codeUnauthorized  = "unauthenticated"
	codePending       = "second-factor-pending"
	codeForbidden     = "forbidden"
	codeStepUp        = "step-up-needed"
	codeNotFound      = "not-found"
	codeMethod        = "method-not-allowed"
	codeTooLarge      = "too-large"
	codeMediaType     = "media-type"
	codeNotReady      = "not-ready"
	codeWrongCode     = "wrong-code"
	codeCodeNeeded    = "code-needed"
	codeCodeMayNot    = "code-may-not"
	codeLocked        = "locked"
	codeThrottled     = "throttled"
	codeConflict      = "conflict"
	codeCrossOrigin   = "cross-origin"
	codeWrongHost     = "wrong-host"
	codeUnencrypted   = "unencrypted"
	codeKeyReused     = "idempotency-key-reused"
	codeInternal      = "internal"
	codeBadSignIn     = "wrong-sign-in"
	codeWrongStep     = "wrong-step"
	codeClaimed       = "already-claimed"
	codeWeakPassword  = "weak-password"
	codeRequestTime   = "timeout"
	codeTooManyStream = "too-many-streams"
	codeNotOnRecord   = "not-on-record"
)

// problem makes a Problem; detail is formatted.
func problem(status int, code, detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Problem{
		Type: "urn:gatehouse:problem:" + code, Title: http.StatusText(status),
		Status: status, Code: code, Detail: detail,
	}
}

// Error makes a Problem an error that a handler can return.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

func (p *Problem) headers(h http.Header) {
	if p.RetryAfter != nil {
		h.Set("Retry-After", strconv.Itoa(*p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
	}
}

// wait adds the seconds after which another try makes sense, at least one.
func (p *Problem) wait(d time.Duration) *Problem {
	s := max(int(math.Ceil(d.Seconds())), 1)
	p.RetryAfter = &s
	return p
}

func (p *Problem) write(w http.ResponseWriter) {
	p.headers(w.Header())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone
}

// refusal turns what a room said into a problem. What no room declared is the
// hub's own fault: 500, with the cause for the log only.
func refusal(err error, now time.Time) *Problem {
	var (
		p         *Problem
		notReady  *home.NotReady
		wrong     *home.WrongCode
		needed    *home.CodeNeeded
		mayNot    *home.CodeMayNot
		locked    *home.CodesLocked
		invalid   *home.Invalid
		notFound  *home.NotFound
		conflict  *home.Conflict
		humaError *huma.ErrorModel
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &notReady):
		p = problem(http.StatusConflict, codeNotReady, "%s", notReadyText(notReady))
		p.Open, p.Troubles = notReady.Open, notReady.Troubles
		return p
	case errors.As(err, &wrong):
		p = problem(http.StatusForbidden, codeWrongCode, "Not that one. %s left.", tries(wrong.Left))
		p.TriesLeft = &wrong.Left
		return p
	case errors.As(err, &needed):
		return problem(http.StatusForbidden, codeCodeNeeded, `A code is needed for this: send it as "code".`)
	case errors.As(err, &mayNot):
		return problem(http.StatusForbidden, codeCodeMayNot, "This code may not %s.", mayNot.What)
	case errors.As(err, &locked):
		d := locked.Until.Sub(now)
		p = problem(http.StatusTooManyRequests, codeLocked, "Too many wrong codes. Codes are taken again at %s.",
			locked.Until.UTC().Format(time.TimeOnly)+" UTC")
		return p.wait(d)
	case errors.As(err, &invalid):
		p = invalidField("body", invalid.Field, invalid.Reason)
		p.Errors[0].Says = invalid.Says
		return p
	case errors.As(err, &notFound):
		return problem(http.StatusNotFound, codeNotFound, "There is no %s %q.", notFound.What, notFound.ID)
	case errors.As(err, &conflict):
		return problem(http.StatusConflict, codeConflict, "%s.", sentence(conflict))
	case errors.As(err, &humaError):
		return fromHuma(humaError)
	case errors.Is(err, storage.ErrCursor):
		return invalidField("query", "cursor", "is not one that this hub gave")
	}
	if p := fromDoor(err); p != nil {
		return p
	}
	p = problem(http.StatusInternalServerError, codeInternal, "The hub could not do this. Its log says why.")
	p.cause = err
	return p
}

// fromDoor is refusal for what the porter says.
func fromDoor(err error) *Problem {
	var (
		forbidden *auth.Forbidden
		wrong     *auth.WrongSignIn
		code      *auth.WrongCode
		tooMany   *auth.TooMany
		step      *auth.WrongStep
	)
	switch {
	case errors.Is(err, auth.ErrNotSignedIn):
		return problem(http.StatusUnauthorized, codeUnauthorized, "Sign in first, or send a token as Authorization: Bearer.")
	case errors.Is(err, auth.ErrSecondFactor):
		return problem(http.StatusForbidden, codePending, "The second factor is still to come: POST /api/v1/session/factor.")
	case errors.Is(err, auth.ErrStepUp):
		return problem(http.StatusForbidden, codeStepUp, "Give your password and second factor again first: POST /api/v1/reauth.")
	case errors.Is(err, auth.ErrClaimed):
		return problem(http.StatusConflict, codeClaimed, "This hub has an owner already. Sign in instead.")
	case errors.Is(err, auth.ErrLastOwner):
		return problem(http.StatusConflict, codeConflict, "%s.", sentence(err))
	case errors.As(err, &forbidden):
		role := string(forbidden.Role)
		if role == "" {
			return problem(http.StatusForbidden, codeForbidden, "Nobody may do this.")
		}
		return problem(http.StatusForbidden, codeForbidden, "The role %s may not do this: it needs the right %s.", role, forbidden.Right)
	case errors.As(err, &tooMany):
		return problem(http.StatusTooManyRequests, codeThrottled, "%s.", sentence(err)).wait(tooMany.After)
	case errors.As(err, &wrong):
		p := problem(http.StatusUnauthorized, codeBadSignIn, "%s.", sentence(err))
		p.TriesLeft = &wrong.Left
		if wrong.Wait > 0 {
			return p.wait(wrong.Wait)
		}
		return p
	case errors.As(err, &code):
		p := problem(http.StatusForbidden, codeWrongCode, "%s.", sentence(err))
		p.TriesLeft = &code.Left
		if code.Wait > 0 {
			return p.wait(code.Wait)
		}
		return p
	case errors.As(err, &step):
		return problem(http.StatusConflict, codeWrongStep, "%s.", sentence(err))
	}
	if weak, ok := asWeak(err); ok {
		p := invalidField("body", "password", weak.Reason)
		p.Code, p.Type = codeWeakPassword, "urn:gatehouse:problem:"+codeWeakPassword
		return p
	}
	return nil
}

func asWeak(err error) (*auth.WeakPassword, bool) {
	var weak *auth.WeakPassword
	ok := errors.As(err, &weak)
	return weak, ok
}

// sentence is an error that was written for a person, without its full stop.
func sentence(err error) string {
	s := strings.TrimSuffix(err.Error(), ".")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func notReadyText(e *home.NotReady) string {
	var parts []string
	for _, z := range e.Open {
		state := " is open"
		if slices.Contains(e.Unheard, z) {
			state = " has not been heard since the hub started"
		}
		parts = append(parts, string(z)+state)
	}
	for _, t := range e.Troubles {
		parts = append(parts, strings.TrimSuffix(t.Text, "."))
	}
	if len(parts) == 0 {
		return "The house is not ready to be armed."
	}
	return "Not ready: " + strings.Join(parts, "; ") + `. Close or mend it, name it in "bypass", or send "force".`
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return strconv.Itoa(n) + " tries"
}

func invalidField(in, field, reason string) *Problem {
	p := problem(http.StatusUnprocessableEntity, codeInvalid, "%s: %s.", field, strings.TrimSuffix(reason, "."))
	p.Errors = []FieldProblem{{Field: field, In: in, Reason: reason}}
	return p
}

// fromHuma turns what huma's decoding and validation found into a problem that
// names each field, and drops the values that huma would echo.
func fromHuma(e *huma.ErrorModel) *Problem {
	code := map[int]string{
		http.StatusUnsupportedMediaType:  codeMediaType,
		http.StatusRequestEntityTooLarge: codeTooLarge,
		http.StatusRequestTimeout:        codeRequestTime,
		http.StatusInternalServerError:   codeInternal,
	}[e.Status]
	switch code {
	case "":
		code = codeInvalid
	case codeInternal:
		p := problem(e.Status, code, "The hub could not do this. Its log says why.")
		p.cause = errors.New(e.Detail)
		for _, d := range e.Errors {
			p.cause = fmt.Errorf("%w: %s", p.cause, d.Message)
		}
		return p
	case codeMediaType:
		return problem(e.Status, code, "The body must be JSON: send Content-Type: application/json.")
	}
	p := problem(e.Status, code, "%s", e.Detail)
	for _, d := range e.Errors {
		in, field, _ := strings.Cut(d.Location, ".")
		if field == "" && in != "" {
			field = in
		}
		// huma puts the name of a property that is missing or unknown into the
		// message or one level below; name it either way.
		if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
			name = strings.TrimSuffix(name, " to be present")
			if field == "body" {
				field = name
			} else {
				field += "." + name
			}
		}
		reason := d.Message
		if strings.HasPrefix(reason, "invalid character") || strings.HasPrefix(reason, "unexpected end") {
			reason = "not JSON: " + reason
		}
		if strings.Contains(reason, "at least one schema") {
			reason = "can be a word, true, false or a number"
		}
		p.Errors = append(p.Errors, FieldProblem{Field: field, In: in, Reason: inWords(reason)})
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Field + ": " + p.Errors[0].Reason + "."
	}
	return p
}

// inWords says in words what huma says in signs: it stands beside a field of the page.
func inWords(reason string) string {
	switch reason {
	case "expected length >= 1":
		return "it must not be empty"
	case "expected integer":
		return "give a whole number"
	}
	for _, r := range []struct{ signs, words string }{
		{"expected length >= ", "give at least %s characters"},
		{"expected length <= ", "give at most %s characters"},
		{"expected number >= ", "give %s or more"},
		{"expected number <= ", "give %s or less"},
	} {
		if n, ok := strings.CutPrefix(reason, r.signs); ok {
			return fmt.Sprintf(r.words, n)
		}
	}
	return reason
}
