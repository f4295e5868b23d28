package quirks

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Owner is the folder of the owner's own quirk files, each of them named
// *.quirks. A file that is not understood disturbs no other; what it said while it
// was understood holds until the hub restarts, as a sensor that guards the house
// should not fall silent for a slip of the pen.
type Owner struct {
	dir string

	mu    sync.Mutex
	files map[string]file
	list  []Quirk
}

type file struct {
	changed time.Time
	size    int64
	list    []Quirk
	fault   error
}

// maxFile is how large a file may be: twice as large as the built-in table.
const maxFile = 128 << 10

// NewOwner makes one of a folder that need not exist. Nothing is known before it
// is looked at.
func NewOwner(dir string) *Owner { return &Owner{dir: dir, files: make(map[string]file)} }

// Find is what is known of a device, by the owner's files or by the tables.
func (o *Owner) Find(l Likeness) (Quirk, bool) {
	o.mu.Lock()
	list := o.list
	o.mu.Unlock()
	return Find(list, l)
}

// Look reads what has changed since it was looked last, and tells whether that is
// news. faults are what is wrong, by file.
func (o *Owner) Look() (news bool, faults map[string]error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	faults = make(map[string]error)
	entries, err := os.ReadDir(o.dir)
	if err != nil && !os.IsNotExist(err) {
		faults[filepath.Base(o.dir)] = fmt.Errorf("the folder can't be read: %w", err)
		return false, faults
	}
	there := make(map[string]bool)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".quirks") || !e.Type().IsRegular() {
			continue
		}
		there[e.Name()] = true
		before := o.files[e.Name()]
		f := read(o.dir, e, before)
		news = news || !f.changed.Equal(before.changed) || f.size != before.size
		if o.files[e.Name()] = f; f.fault != nil {
			faults[e.Name()] = f.fault
		}
	}
	for name := range o.files {
		if !there[name] {
			news = true
			delete(o.files, name)
		}
	}
	if news {
		o.list = nil
		for _, name := range slices.SortedFunc(maps.Keys(o.files), cmp.Compare) {
			o.list = append(o.list, o.files[name].list...)
		}
	}
	return news, faults
}

// read reads a file unless it is as it was.
func read(dir string, e fs.DirEntry, before file) file {
	f := before
	info, err := e.Info()
	if err == nil {
		if info.ModTime().Equal(before.changed) && info.Size() == before.size {
			return before
		}
		f.changed, f.size = info.ModTime(), info.Size()
		if f.size > maxFile {
			f.fault = fmt.Errorf("%s: it has %d bytes; split it into files of at most %d", e.Name(), f.size, maxFile)
			return f
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, e.Name()))
	if err != nil {
		f.fault = fmt.Errorf("%s: %w", e.Name(), err)
		return f
	}
	list, err := Parse(e.Name(), string(text))
	if f.fault = err; err == nil {
		f.list = list
	}
	return f
}
