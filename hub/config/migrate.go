package config

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// migrations bring a document from one schema to the next: the first one makes
// schema 2 of schema 1, and so on. Each says in its comment what the document
// is BEFORE and AFTER, and has a pair of files in testdata. The file itself is
// never rewritten: it is the owner's, comments and all.
func migrations() []func(doc *ast.MappingNode) {
	return nil
}

// migrate brings doc up to Schema. It tells whether the document can be read.
func migrate(doc *ast.MappingNode, f *faults) bool {
	schema, at := 1, 0
	for _, entry := range doc.Values {
		if t := entry.Key.GetToken(); t == nil || t.Value != "schema" {
			continue
		}
		at = line(entry.Key)
		text, _ := scalarText(entry.Value)
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			f.add(at, "schema", "%q is not the number of a schema: write %d, or take the line out", text, Schema)
			return false
		}
		schema = n
	}
	if schema > Schema {
		f.add(at, "schema", "schema %d is of a newer gatehouse, this one knows %d: update it", schema, Schema)
		return false
	}
	for _, step := range migrations()[schema-1:] {
		step(doc)
	}
	return true
}
