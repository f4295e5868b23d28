package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// InChild makes a check that runs this program again as
//
//	<program> args... PATH
//
// which must call [CheckFile] on PATH and exit 0 when it finds nothing wrong,
// else say on stderr what it found. The child may die of what it reads; this
// process does not.
func InChild(args ...string) func(path string) error {
	return func(path string) error {
		// A checker that hangs is as good as one that dies.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, self, append(args, path)...) //nolint:gosec // this program itself
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			first, _, _ := bytes.Cut(bytes.TrimSpace(said.Bytes()), []byte("\n"))
			return fmt.Errorf("check: %w: %s", err, first)
		}
		return nil
	}
}

// CheckFile reads every page of the database at path and says what is wrong
// with it. A damaged file may end the process instead: see [InChild]. It takes no
// more memory and time than the file is long, whatever stands in it.
func CheckFile(path string) error {
	if err := checkPages(path); err != nil {
		return err
	}
	return check(path, func(tx *bolt.Tx) error {
		var found []error
		for err := range tx.Check() {
			if len(found) < 5 {
				found = append(found, err)
			}
		}
		if err := errors.Join(found...); err != nil {
			return err
		}
		return walk(tx)
	})
}

// checkHere reads every row in this process. Page faults in a damaged map turn
// into panics of this goroutine, so bbolt's own check, which has a goroutine of
// its own, is left out.
func checkHere(path string) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	return check(path, walk)
}

func check(path string, read func(*bolt.Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unreadable: %v", r)
		}
	}()
	// bbolt would initialise an empty file.
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("the file is empty")
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	return errors.Join(db.View(read), db.Close())
}

// walk reads every row of every bucket.
func walk(tx *bolt.Tx) error {
	if tx.Bucket(bucketMeta) == nil {
		return errors.New("no meta table")
	}
	var sum byte
	var deep func(b *bolt.Bucket) error
	deep = func(b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return deep(b.Bucket(k))
			}
			for _, c := range v {
				sum ^= c
			}
			return nil
		})
	}
	return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return deep(b) })
}
