// Package layering keeps the arrows between the rooms of the house pointing
// down. It parses the imports itself: a test that shelled out to the go
// command would be cached and miss changes.
package layering_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "gatehouse/"

// rooms gives each room its line; the longest matching prefix counts. A room
// may import rooms on lower lines, and its own children and siblings within
// the same room.
var rooms = []struct {
	prefix string
	line   int
}{
	{"hub/home/registry", 2},
	{"hub/home/journal", 2},
	{"hub/home/notices", 2},
	{"hub/home/supervision", 2},
	{"hub/home", 0},
	{"zwave", 0},
	{"zigbee", 0},
	{"lte", 0},
	{"storage", 0},
	{"storage/disksim", 0}, // what the tests of it stand on
	{"web", 0},
	{"firmware", 0},
	{"hub/alarm/guard", 3},
	{"hub/alarm/rules", 3},
	{"hub/alarm", 1},
	{"hub/people", 1},
	{"hub/bus", 1},
	{"hub/health", 1},
	{"hub/nowait", 1},
	{"hub/config", 1},
	{"hub/box", 1},
	{"hub/network", 2},
	{"hub/share", 2},
	{"hub/radio/bridge", 1},
	{"hub/radio/port", 3},
	{"hub/radio/zwavehome", 3},
	{"hub/radio/zigbeehome", 3},
	{"hub/camera", 3},
	{"hub/face/api", 4},
	{"hub/face/mqtt", 4},
	{"hub/face/homekit", 4},
	{"hub/face/notify", 4},
	{"hub/demo", 6},
	{"hub/bench", 6},
	{"hub/crash", 6},
	{"hub/soak", 6},
	{"hub", 5},
	{"cmd", 7},
}

// neighbours on one line that may be used by the others of that line: the bus
// carries what the board and the journal tell.
var neighbours = map[string]bool{
	"hub/health -> hub/bus": true,
}

// ground is what the rooms on line 0 may import beside the standard library.
var ground = map[string][]string{
	"hub/home":        nil,
	"zwave":           {"golang.org/x/crypto/"},
	"zigbee":          {"golang.org/x/crypto/"},
	"lte":             nil,
	"storage":         {"go.etcd.io/bbolt"},
	"storage/disksim": {"github.com/hanwen/go-fuse/"},
	"web":             nil,
	"firmware":        nil,
}

// doors: the one room through which each third-party module enters.
var doors = map[string]string{
	"github.com/tarm/serial":               "hub/radio/port",
	"github.com/bluenviron":                "hub/camera",
	"github.com/pion":                      "hub/camera",
	"github.com/grandcat/zeroconf":         "hub/network/mdns",
	"github.com/mochi-mqtt/server":         "hub/face/mqtt",
	"github.com/brutella/hap":              "hub/face/homekit",
	"github.com/danielgtaylor/huma":        "hub/face/api",
	"github.com/gorilla/websocket":         "hub/face/api",
	"go.etcd.io/bbolt":                     "storage",
	"filippo.io/age":                       "hub/camera/clips",
	"github.com/goccy/go-yaml":             "hub/config",
	"github.com/pquerna/otp":               "hub/people/auth",
	"github.com/ccojocar/zxcvbn-go":        "hub/people/auth",
	"github.com/FastFilter/xorfilter":      "hub/people/auth",
	"github.com/coreos/go-systemd":         "cmd/gatehouse",
	"github.com/VictoriaMetrics/metrics":   "hub/face/api",
	"github.com/rogpeppe/go-internal":      "cmd/gatehouse",
	"github.com/danielgtaylor/huma/v2/sse": "hub/face/api",
}

// simulators may be imported by these only, tests aside.
var simulatorUsers = []string{"hub/demo", "hub/bench", "cmd"}

func TestArrowsPointDown(t *testing.T) {
	seen := 0
	walk(t, func(file, pkg, imported string, test bool) {
		seen++
		if !strings.HasPrefix(imported, module) {
			checkDoor(t, file, pkg, imported, test)
			return
		}
		to := strings.TrimPrefix(imported, module)
		if test {
			return
		}
		if isSim(to) && !isSim(pkg) && !within(pkg, simulatorUsers) {
			t.Errorf("%s imports %s: only the demo and cmd may use simulators", file, to)
		}
		from, fromLine, ok := room(pkg)
		if !ok {
			t.Errorf("%s: package %s stands in no room; add it to the table with its line", file, pkg)
			return
		}
		dest, toLine, ok := room(to)
		if !ok {
			t.Errorf("%s: imported package %s stands in no room", file, to)
			return
		}
		if from == dest || neighbours[from+" -> "+dest] {
			return
		}
		if toLine >= fromLine {
			t.Errorf("%s: %s (line %d) imports %s (line %d): arrows point down", file, from, fromLine, dest, toLine)
		}
	})
	if seen < 100 {
		t.Fatalf("only %d imports seen: the walk is broken", seen)
	}
}

func checkDoor(t *testing.T, file, pkg, imported string, test bool) {
	t.Helper()
	if test || !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
		return // the standard library, or a test
	}
	name, line, ok := room(pkg)
	if ok && line == 0 {
		allowed := false
		for _, p := range ground[name] {
			allowed = allowed || strings.HasPrefix(imported, p)
		}
		// What a room's programs (a generator, say) need is theirs.
		if !allowed && !strings.Contains(pkg, "/internal/gen") {
			t.Errorf("%s: %s may import the standard library and %v, not %s", file, name, ground[name], imported)
		}
	}
	for module, door := range doors {
		if (imported == module || strings.HasPrefix(imported, module+"/")) && !within(pkg, []string{door}) {
			t.Errorf("%s imports %s: its one door is %s", file, imported, door)
		}
	}
}

func room(pkg string) (string, int, bool) {
	best := -1
	for i, r := range rooms {
		if within(pkg, []string{r.prefix}) && (best < 0 || len(r.prefix) > len(rooms[best].prefix)) {
			best = i
		}
	}
	if best < 0 {
		return "", 0, false
	}
	return rooms[best].prefix, rooms[best].line, true
}

func within(pkg string, prefixes []string) bool {
	for _, p := range prefixes {
		if pkg == p || strings.HasPrefix(pkg, p+"/") {
			return true
		}
	}
	return false
}

func isSim(pkg string) bool {
	for part := range strings.SplitSeq(pkg, "/") {
		if strings.HasSuffix(part, "sim") {
			return true
		}
	}
	return false
}

func walk(t *testing.T, visit func(file, pkg, imported string, test bool)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != root && (base == "node_modules" || base == "testdata" || base == "build" || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(rel)
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			visit(file, path.Dir(file), imported, strings.HasSuffix(base, "_test.go"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
