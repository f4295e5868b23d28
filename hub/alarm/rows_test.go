package alarm

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rows are the rules with a figure that the panel keeps, as the sheet of figures
// numbers them: A from SIA CP-01, E from EN 50131-1 grade 2, F from the rules for
// fire.
var rows = []string{
	"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15",
	"E1", "E2", "E3", "E4", "E5", "E6", "E7",
	"F1", "F2", "F3", "F4", "F5",
}

// TestEveryRowIsTold looks for the story or test of each row: a story whose
// first line begins with "# A4:", or a test whose comment begins with "// E2:".
func TestEveryRowIsTold(t *testing.T) {
	told := map[string][]string{}
	find := func(pattern string, row *regexp.Regexp) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("nothing is %s: %v", pattern, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range row.FindAllStringSubmatch(string(b), -1) {
				told[m[1]] = append(told[m[1]], file)
			}
		}
	}
	find("testdata/*.txt", regexp.MustCompile(`\A# ([AEF]\d+): `))
	test := regexp.MustCompile(`(?m)^// ([AEF]\d+): (?:.*\n//)*.*\nfunc Test`)
	find("*_test.go", test)
	find("*/*_test.go", test)
	find("../home/journal/*_test.go", test)
	find("../demo/*_test.go", test)
	find("../../cmd/gatehouse/*_test.go", test)
	for _, row := range rows {
		if len(told[row]) == 0 {
			t.Errorf("no story and no test tells row %s", row)
		}
	}
	for row, files := range told {
		if !slices.Contains(rows, row) {
			t.Errorf("%s tells row %s, which is not in the list of rows", strings.Join(files, ", "), row)
		}
	}
}
