package storage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage/disksim"
)

// TestMain lets this test program stand in for gatehouse when it is started
// again: to check a file, or to hold one open and be killed.
func TestMain(m *testing.M) {
	if mine, err := disksim.Child(works); mine {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case "storage-check":
			if err := CheckFile(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "storage-weighs": // the same, and says what memory it took
			err := CheckFile(os.Args[2])
			fmt.Println(highWater())
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "storage-dies":
			var nothing *byte
			fmt.Println(*nothing)
		case "hold-open":
			holdOpen(os.Args[2])
		}
	}
	// Children built with the race detector linger for a second otherwise.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// holdOpen opens a database, says so, and waits for its end on stdin.
func holdOpen(path string) {
	db, err := Open(path, Options{})
	if err == nil {
		err = NewCell[string](db, "who").Save("the child")
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	_, _ = fmt.Scanln()
	os.Exit(0) // without Close: an unclean stop
}

var inChild = Options{Check: InChild("storage-check")}

func open(t *testing.T, path string, o Options) *DB {
	t.Helper()
	db, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func shut(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

type door struct {
	Name string `json:"name"`
	Open bool   `json:"open"`
}

func TestTableKeepsRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "for it", "home.db")
	db := open(t, path, Options{})
	doors := NewTable[door](db, "doors")
	if _, ok, err := doors.Get("front"); ok || err != nil {
		t.Errorf("Get before Put = %v, %v, want none", ok, err)
	}
	for _, err := range []error{
		doors.Put("front", door{"Front", true}), doors.Put("back", door{"Back", false}),
		doors.Put("shed", door{"Shed", false}), doors.Delete("shed"), doors.Delete("none"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	shut(t, db)

	for name, want := range map[string]os.FileMode{"": 0o700, "home.db": 0o600, "home.db.lock": 0o600} {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q = %o, want %o", name, got, want)
		}
	}
	db = open(t, path, Options{})
	defer shut(t, db)
	got, err := NewTable[door](db, "doors").All()
	want := []Row[door]{{"back", door{"Back", false}}, {"front", door{"Front", true}}}
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("All: %v (-got +want)\n%s", err, diff)
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "home.db"), Options{})
	defer shut(t, db)
	doors, count := NewTable[door](db, "doors"), NewCell[int](db, "count")
	stop := errors.New("stop")
	err := db.Update(func(tx *Tx) error {
		if err := errors.Join(doors.PutTx(tx, "front", door{}), count.SaveTx(tx, 1)); err != nil {
			return err
		}
		return stop
	})
	if err != stop { //nolint:errorlint // the very same
		t.Errorf("Update = %v, want the function's own error", err)
	}
	if _, ok, _ := doors.Get("front"); ok {
		t.Error("the row is there")
	}
	if _, ok, _ := count.Load(); ok {
		t.Error("the cell is there")
	}
	if err := db.Update(func(tx *Tx) error { return errors.Join(doors.PutTx(tx, "front", door{}), count.SaveTx(tx, 1)) }); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := count.Load(); n != 1 || !ok || err != nil {
		t.Errorf("Load = %v, %v, %v", n, ok, err)
	}
}

func TestBadRowIsNamedAndTheRestRead(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "home.db"), Options{})
	defer shut(t, db)
	if err := NewTable[string](db, "doors").Put("front", "not a door"); err != nil {
		t.Fatal(err)
	}
	doors := NewTable[door](db, "doors")
	if err := doors.Put("back", door{Name: "Back"}); err != nil {
		t.Fatal(err)
	}
	rows, err := doors.All()
	if diff := cmp.Diff(rows, []Row[door]{{"back", door{Name: "Back"}}}); diff != "" {
		t.Errorf("All (-got +want)\n%s", diff)
	}
	var bad *RowError
	if !errors.As(err, &bad) || bad.Table != "doors" || bad.Key != "front" {
		t.Errorf("All error = %v, want it to name table doors, key front", err)
	}
	if _, _, err := doors.Get("front"); !errors.As(err, &bad) {
		t.Errorf("Get error = %v", err)
	}
	if err := doors.Put("", door{}); err == nil || !strings.Contains(err.Error(), "doors") {
		t.Errorf("Put of an empty key = %v, want an error that names the table", err)
	}
}

// child starts this program to hold path open, and waits until it does.
func child(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "hold-open", path)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	if _, err := fmt.Fscanln(out, &said); err != nil || said != "open" {
		t.Fatalf("child said %q, %v", said, err)
	}
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	cmd := child(t, path)
	_, err := Open(path, Options{Wait: 1})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("Open = %v, want ErrInUse naming process %d", err, cmd.Process.Pid)
	}
	kill(t, cmd)
	db := open(t, path, inChild)
	defer shut(t, db)
	if who, _, err := NewCell[string](db, "who").Load(); who != "the child" || err != nil {
		t.Errorf("after kill -9: %q, %v", who, err)
	}
	if f, bad := db.Fault(); bad {
		t.Errorf("fault %v", f)
	}
}
