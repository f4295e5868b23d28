package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// typed binds a handler whose input and output are decoded, checked and
// documented by their types. What it refuses becomes a problem.
//
// An input is a struct whose fields have a path or a query tag, or are named
// Body; an output's are named Body and Status, or have a header tag. Schemas and
// their checks are huma's. The decoding is not: huma's is generic, and a hundred
// copies of it were a tenth of the program.
func typed[I, O any](h func(context.Context, *I) (*O, error)) binder {
	return binder{bind: func(a *API, rt *route, op huma.Operation) {
		f := &form{in: reflect.TypeFor[I](), out: reflect.TypeFor[O](), schemas: a.spec.Components.Schemas}
		f.describe(&op)
		a.spec.AddOperation(&op)
		a.mux.HandleFunc(rt.method+" "+rt.path, a.gate(rt, a.decoded(rt, f, func(ctx context.Context, in reflect.Value) (reflect.Value, error) {
			out, err := h(ctx, in.Interface().(*I))
			return reflect.ValueOf(out), err
		})))
	}}
}

// form is how a route's request is read and its answer written.
type form struct {
	in, out  reflect.Type
	schemas  huma.Registry
	params   []param
	body     *huma.Schema // nil: it takes none
	required bool         // there must be a body
	status   int          // of success, unless the output says another
}

// param is one field of a path or a query.
type param struct {
	index    []int
	name, in string // in: path or query
	fallback string
	schema   *huma.Schema
}

// describe reads the types and writes what they say into the document.
func (f *form) describe(op *huma.Operation) {
	f.params = f.paramsOf(f.in, nil)
	for _, p := range f.params {
		doc := &huma.Param{Name: p.name, Description: p.schema.Description, In: p.in, Required: p.in == "path", Schema: p.schema}
		if p.in == "query" {
			doc.Explode = ptr(false)
		}
		op.Parameters = append(op.Parameters, doc)
	}
	if b, ok := f.in.FieldByName("Body"); ok {
		f.required = b.Type.Kind() != reflect.Pointer
		f.body = huma.SchemaFromField(f.schemas, b, hint(f.in, "Body", op.OperationID+"Request"))
		f.body.PrecomputeMessages()
		op.RequestBody = &huma.RequestBody{Required: f.required, Content: map[string]*huma.MediaType{"application/json": {Schema: f.body}}}
	}
	f.describeAnswer(op)
}

func (f *form) describeAnswer(op *huma.Operation) {
	body, ok := f.out.FieldByName("Body")
	if f.status = op.DefaultStatus; f.status == 0 {
		f.status = http.StatusNoContent
		if ok {
			f.status = http.StatusOK
		}
	}
	answer := &huma.Response{Description: http.StatusText(f.status)}
	if ok {
		answer.Headers = map[string]*huma.Param{}
		answer.Content = map[string]*huma.MediaType{
			"application/json": {Schema: huma.SchemaFromField(f.schemas, body, hint(f.out, "Body", op.OperationID+"Response"))},
		}
	}
	for i := range f.out.NumField() {
		field := f.out.Field(i)
		name := field.Tag.Get("header")
		if name == "" {
			continue
		}
		if answer.Headers == nil {
			answer.Headers = map[string]*huma.Param{}
		}
		field.Type = reflect.TypeFor[string]()
		answer.Headers[name] = &huma.Header{Schema: huma.SchemaFromField(f.schemas, field, "")}
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(f.status): answer}
}

// hint is what a schema is called whose type has no name.
func hint(in reflect.Type, field, otherwise string) string {
	if in.Name() != "" {
		return in.Name() + field
	}
	return otherwise
}

// paramsOf finds the fields of paths and queries, those of embedded structs too.
func (f *form) paramsOf(t reflect.Type, at []int) (list []param) {
	for i := range t.NumField() {
		field := t.Field(i)
		index := append(append([]int(nil), at...), i)
		if field.Anonymous {
			list = append(list, f.paramsOf(field.Type, index)...)
			continue
		}
		p := param{index: index, name: field.Tag.Get("path"), in: "path", fallback: field.Tag.Get("default")}
		if p.name == "" {
			p.name, p.in = field.Tag.Get("query"), "query"
		}
		if p.name != "" {
			p.schema = huma.SchemaFromField(f.schemas, field, "")
			list = append(list, p)
		}
	}
	return list
}

// decoded reads a request into an input, has it handled and writes the answer.
func (a *API) decoded(rt *route, f *form, h func(context.Context, reflect.Value) (reflect.Value, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in := reflect.New(f.in)
		refuse := func(p *Problem) {
			if p.cause != nil && r.Context().Err() == nil {
				a.log.Error("request failed", "method", rt.method, "path", rt.path, "err", p.cause)
			}
			p.write(w)
		}
		if p := f.read(r, in.Elem()); p != nil {
			refuse(p)
			return
		}
		out, err := h(r.Context(), in)
		if err != nil {
			refuse(refusal(err, time.Now()))
			return
		}
		if err := f.write(w, out); err != nil && r.Context().Err() == nil {
			a.log.Error("answer not sent", "method", rt.method, "path", rt.path, "err", err)
		}
	}
}

// read fills an input, or says all that is wrong with the request.
func (f *form) read(r *http.Request, in reflect.Value) *Problem {
	var found huma.ValidateResult
	at := huma.NewPathBuffer(nil, 0)
	query := r.URL.Query()
	for name := range query {
		if !f.knows(name) {
			at.Reset()
			at.Push("query")
			at.Push(name)
			found.Add(at, "", "unknown query parameter")
		}
	}
	for _, p := range f.params {
		at.Reset()
		at.Push(p.in)
		at.Push(p.name)
		text := query.Get(p.name)
		if p.in == "path" {
			text = r.PathValue(p.name)
		}
		if text == "" {
			text = p.fallback
		}
		if text == "" {
			if p.in == "path" {
				found.Add(at, "", "required path parameter is missing")
			}
			continue
		}
		v, wrong := parse(in.FieldByIndex(p.index), text)
		if wrong != "" {
			found.Add(at, text, wrong)
			continue
		}
		huma.Validate(f.schemas, p.schema, at, huma.ModeWriteToServer, v, &found)
	}
	status := http.StatusUnprocessableEntity
	if f.body != nil {
		body, err := io.ReadAll(r.Body) // the gate has bounded it
		switch {
		case err != nil:
			return fromHuma(&huma.ErrorModel{Status: http.StatusInternalServerError, Detail: err.Error()})
		case len(body) == 0 && f.required:
			return fromHuma(&huma.ErrorModel{Status: http.StatusBadRequest, Detail: "request body is required"})
		case len(body) > 0:
			if s := f.readBody(r.Header.Get("Content-Type"), body, in, &found); s != 0 {
				status = s
			}
		}
	}
	if len(found.Errors) == 0 {
		return nil
	}
	e := &huma.ErrorModel{Status: status, Detail: "validation failed"}
	for _, err := range found.Errors {
		e.Errors = append(e.Errors, err.(huma.ErrorDetailer).ErrorDetail())
	}
	return fromHuma(e)
}

func (f *form) knows(query string) bool {
	for _, p := range f.params {
		if p.in == "query" && p.name == query {
			return true
		}
	}
	return false
}

// readBody fills an input's Body, and returns the status of what is wrong with it;
// 0: nothing, or no more than single fields.
func (f *form) readBody(contentType string, body []byte, in reflect.Value, found *huma.ValidateResult) int {
	wrong := func(status int, reason string) int {
		found.Errors = append(found.Errors, &huma.ErrorDetail{Location: "body", Message: reason})
		return status
	}
	if !isJSON(contentType) {
		return wrong(http.StatusUnsupportedMediaType, "unknown content type: "+contentType)
	}
	var parsed any
	if err := json.Unmarshal(body, &parsed); err != nil {
		return wrong(http.StatusBadRequest, err.Error())
	}
	at := huma.NewPathBuffer(nil, 0)
	at.Push("body")
	before := len(found.Errors)
	huma.Validate(f.schemas, f.body, at, huma.ModeWriteToServer, parsed, found)
	into := in.FieldByName("Body")
	if err := json.Unmarshal(body, into.Addr().Interface()); err != nil && len(found.Errors) == before {
		return wrong(http.StatusUnprocessableEntity, err.Error())
	}
	fallbacks(into)
	return 0
}

// isJSON tells whether a body is said to be JSON, by itself or as the ground of
// another format (RFC 6839 §3.1), or nothing is said.
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	if _, ground, ok := strings.Cut(kind, "+"); ok {
		kind = ground
	}
	return kind == "" || kind == "application/json" || kind == "json"
}

// fallbacks gives fields that a body left out the value of their default tag.
func fallbacks(v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		field := v.Field(i)
		text := v.Type().Field(i).Tag.Get("default")
		switch {
		case text == "":
		case field.Kind() == reflect.Pointer && field.IsNil():
			field.Set(reflect.New(field.Type().Elem()))
			_, _ = parse(field.Elem(), text)
		case field.IsZero():
			_, _ = parse(field, text)
		}
	}
}

// parse gives a field the value that a text stands for, and returns that as the
// schema sees it, or what is wrong with it.
func parse(field reflect.Value, text string) (v any, wrong string) {
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
		return text, ""
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, "invalid boolean"
		}
		field.SetBool(b)
		return b, ""
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, "invalid integer"
		}
		field.SetInt(n)
		return n, ""
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, "invalid integer"
		}
		field.SetUint(n)
		return n, ""
	default:
		at, ok := field.Addr().Interface().(*time.Time)
		if !ok {
			panic("api: no text is read as a " + field.Type().String()) // a mistake in the table of routes
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, "invalid date/time for format " + time.RFC3339Nano
		}
		*at = t
		return text, ""
	}
}

// write writes an output; nil is an answer without a body.
func (f *form) write(w http.ResponseWriter, out reflect.Value) error {
	if out.IsNil() {
		w.WriteHeader(f.status)
		return nil
	}
	out = out.Elem()
	status := f.status
	var body any
	has := false
	for i := range out.NumField() {
		field := out.Type().Field(i)
		switch v := out.Field(i).Interface().(type) {
		case []http.Cookie:
			for _, c := range v {
				w.Header().Add(field.Tag.Get("header"), c.String())
			}
		default:
			switch field.Name {
			case "Status":
				status = int(out.Field(i).Int())
			case "Body":
				body, has = v, true
			default:
				panic("api: no answer has a " + field.Name + " of type " + field.Type.String()) // a mistake in the table of routes
			}
		}
	}
	if !has || status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		problem(http.StatusInternalServerError, codeInternal, "The hub could not do this. Its log says why.").write(w)
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}
