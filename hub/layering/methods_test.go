package layering

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asksByName is Go that finds methods by a name or number which is not known
// until it runs. With one such line anywhere, the linker keeps every method of
// every type in the program: 3 MB of it.
var asksByName = regexp.MustCompile(`\.(MethodByName|Method)\([a-zA-Z]`)

// unused asks so too, in functions that nobody here calls: huma.AutoRegister.
var unused = map[string]bool{"github.com/danielgtaylor/huma/v2": true}

// TestMethodsThatNobodyCallsAreLeftOut: neither the hub's packages nor those of
// others that are linked into it ask for methods by name.
func TestMethodsThatNobodyCallsAreLeftOut(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		`{{.Standard}} {{.ImportPath}}{{range .GoFiles}} {{$.Dir}}/{{.}}{{end}}`, "gatehouse/cmd/gatehouse")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		standard, pkg, files := fields[0] == "true", fields[1], fields[2:]
		if pkg == "text/template" || pkg == "html/template" {
			t.Errorf("%s is linked in, which asks for methods by name", pkg)
		}
		if standard {
			continue
		}
		for _, file := range files {
			text, err := os.ReadFile(filepath.Clean(file))
			if err != nil {
				t.Fatal(err)
			}
			read++
			if line := asksByName.Find(text); line != nil && !unused[pkg] && bytes.Contains(text, []byte(`"reflect"`)) {
				t.Errorf("%s of %s: %s… asks for methods by a name that is known only when it runs", file, pkg, line)
			}
		}
	}
	if read < 500 {
		t.Errorf("%d files read: the list is not whole", read)
	}
}
