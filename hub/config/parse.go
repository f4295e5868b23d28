package config

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile is more than any configuration needs, and less than hurts.
const maxFile = 1 << 20

// Load reads the file at path.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%s: there is no such file: write one (an empty file takes every default), or name another with --config", path)
	}
	if err != nil {
		return Config{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, err
	}
	return Parse(path, b)
}

// Parse reads a configuration; name stands for the file in what it says of it.
// Every key that is not given has its default. An error is an [*Invalid] with
// everything that is wrong.
func Parse(name string, b []byte) (Config, error) {
	c := Default()
	d := &decoder{faults{lines: map[string]int{}}}
	if doc := d.document(b); doc != nil {
		if migrate(doc, &d.faults) {
			d.value("", doc, reflect.ValueOf(&c).Elem())
		}
	}
	// A broken file is not judged by the defaults that stand in for it.
	if err := d.err(name); err != nil {
		return Config{}, err
	}
	check(c, &d.faults)
	if err := d.err(name); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Validate says what makes no sense in c, all of it at once: an [*Invalid].
func (c Config) Validate() error {
	var f faults
	check(c, &f)
	return f.err("configuration")
}

// decoder walks a YAML document and the struct side by side.
type decoder struct{ faults }

// document is the one mapping that the file must be, nil when it is empty or
// broken.
func (d *decoder) document(b []byte) *ast.MappingNode {
	if len(b) > maxFile {
		d.add(0, "", "the file is larger than 1 MiB: this is not a configuration")
		return nil
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
			d.add(at.GetToken().Position.Line, "", "not YAML: %s", at.GetMessage())
		} else {
			d.add(0, "", "not YAML: %v", err)
		}
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		return nil
	case len(bodies) > 1:
		d.add(line(bodies[1]), "", "one document is enough: take out the line ---")
		return nil
	}
	switch n := bodies[0].(type) {
	case *ast.MappingNode:
		return n
	case *ast.MappingValueNode:
		return &ast.MappingNode{Values: []*ast.MappingValueNode{n}}
	case *ast.NullNode, *ast.CommentGroupNode:
		return nil
	default:
		d.add(line(n), "", "the file holds %s, want keys such as data: /var/lib/gatehouse", kind(n))
		return nil
	}
}

// value decodes node into v. A key without a value keeps its default.
func (d *decoder) value(key string, node ast.Node, v reflect.Value) {
	if n, ok := node.(*ast.MappingValueNode); ok {
		node = &ast.MappingNode{Values: []*ast.MappingValueNode{n}}
	}
	switch node.(type) {
	case *ast.NullNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode, *ast.DirectiveNode:
		d.add(line(node), key, "anchors, aliases and tags are not used here: write the value out")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		m, ok := node.(*ast.MappingNode)
		if !ok {
			d.add(line(node), key, "is %s, want keys such as {%s: …}", kind(node), keys(v.Type())[0])
			return
		}
		d.fields(key, m, v)
	case reflect.Slice:
		s, ok := node.(*ast.SequenceNode)
		if !ok {
			d.add(line(node), key, "is %s, want a list such as [a, b]", kind(node))
			return
		}
		list := reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values))
		for i, n := range s.Values {
			at := fmt.Sprintf("%s[%d]", key, i)
			d.lines[at] = line(n)
			d.value(at, n, list.Index(i))
		}
		v.Set(list)
	default:
		d.scalar(key, node, v)
	}
}

func (d *decoder) fields(key string, m *ast.MappingNode, v reflect.Value) {
	names := keys(v.Type())
	for _, entry := range m.Values {
		name := entry.Key.String()
		if t := entry.Key.GetToken(); t != nil {
			name = t.Value
		}
		at := name
		if key != "" {
			at = key + "." + name
		}
		i := slices.Index(names, name)
		if i < 0 {
			d.add(line(entry.Key), at, "%s", unknown(name, key, names))
			continue
		}
		d.lines[at] = line(entry.Key)
		d.value(at, entry.Value, v.Field(i))
	}
}

func (d *decoder) scalar(key string, node ast.Node, v reflect.Value) {
	text, ok := scalarText(node)
	if !ok {
		d.add(line(node), key, "is %s, want a single value", kind(node))
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.add(line(node), key, "%v", err)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, ok := node.(*ast.BoolNode)
		if !ok {
			d.add(line(node), key, "%q is not true or false", text)
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			d.add(line(node), key, "%q is not a whole number", text)
			return
		}
		v.SetInt(int64(n))
	default:
		panic("config: no way to decode " + v.Type().String())
	}
}

// keys are the names of a struct's fields, in their order.
func keys(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("yaml"))
	}
	return names
}

// scalarText is the value as it was written, without its quotes.
func scalarText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	default:
		return "", false
	}
}

func line(node ast.Node) int {
	if node == nil || reflect.ValueOf(node).IsNil() || node.GetToken() == nil || node.GetToken().Position == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

func kind(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.SequenceNode:
		return "a list"
	default:
		if text, ok := scalarText(node); ok {
			return strconv.Quote(text)
		}
		return "something else"
	}
}

// unknown explains a key that does not exist: it holds a secret, is misspelt,
// or stands in the wrong place.
func unknown(name, key string, names []string) string {
	if mend, ok := secret(name, key); ok {
		return "secrets are never read from this file: " + mend
	}
	best, close := "", 3
	for _, n := range names {
		if far := distance(strings.ToLower(name), n); far < close && far < len(n) {
			best, close = n, far
		}
	}
	if best != "" {
		return fmt.Sprintf("there is no such key: did you mean %s?", best)
	}
	if places := elsewhere(reflect.TypeFor[Config](), "", name); len(places) > 0 {
		return "there is no such key here: it belongs to " + strings.Join(places, " or ")
	}
	return "there is no such key: known here are " + strings.Join(names, ", ")
}

// secret tells whether a key is meant to hold a secret, and what to do instead.
func secret(name, key string) (mend string, ok bool) {
	low := strings.ToLower(name)
	words := []string{"password", "passwd", "passphrase", "secret", "token", "pin", "puk", "key", "keys", "network_key", "s0_legacy", "s2_unauthenticated", "s2_authenticated", "s2_accesscontrol"}
	if !slices.Contains(words, low) && !strings.HasSuffix(low, "_password") && !strings.HasSuffix(low, "_secret") && !strings.HasSuffix(low, "_token") && !strings.HasSuffix(low, "_key") {
		return "", false
	}
	switch section, _, _ := strings.Cut(key, "."); section {
	case "zwave":
		return "put the keys into a file that only the hub can read, and name it with zwave.keys_file", true
	case "zigbee":
		return "take the network key over with zigbee.backup_file", true
	case "lte":
		return "put the PIN into a file that only the hub can read, and name it with lte.pin_file", true
	case "mqtt":
		return "MQTT clients sign in with a token: gatehouse token create", true
	default:
		return "codes, people and tokens are kept in the hub's database; take this line out", true
	}
}

// elsewhere lists the groups in which a key of this name exists.
func elsewhere(t reflect.Type, at, name string) (places []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		here := f.Tag.Get("yaml")
		if at != "" {
			here = at + "." + here
		}
		if f.Tag.Get("yaml") == name {
			if at == "" {
				at = "the top of the file"
			}
			places = append(places, at)
		}
		if f.Type.Kind() == reflect.Struct {
			places = append(places, elsewhere(f.Type, here, name)...)
		}
	}
	return places
}

// distance is the number of letters to change, add or leave out (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
