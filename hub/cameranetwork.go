package hub

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/camera/detect"
)

// network is the file of the detector's network, as it was when it was last tried.
type network struct {
	folders []string // where it may be, the owner's first

	mu     sync.Mutex
	folder string
	made   time.Time
	size   int64
	fault  error // why it can't be used
	tried  bool
}

// networkFolders are the data folder's, where an owner puts it, and the one beside
// the program, where `make model` does.
func networkFolders(data string) []string {
	list := []string{data}
	if self, err := os.Executable(); err == nil {
		list = append(list, filepath.Join(filepath.Dir(self), "detector"))
	}
	return list
}

// find is the folder that has the network.
func (n *network) find() (folder string, info os.FileInfo, err error) {
	for _, folder := range n.folders {
		if info, err := os.Stat(filepath.Join(folder, "model.tflite")); err == nil {
			return folder, info, nil
		}
	}
	return "", nil, fmt.Errorf("there is no model.tflite in %s", strings.Join(n.folders, " or "))
}

// check says why the network can't be used. A file that was not tried yet is opened
// once: 10 MB that must be the ones that were reviewed.
func (n *network) check() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	folder, info, err := n.find()
	if err != nil {
		n.tried = false
		return err
	}
	if !n.tried || n.folder != folder || !n.made.Equal(info.ModTime()) || n.size != info.Size() {
		m, err := detect.Open(folder)
		if err == nil {
			m.Close()
		}
		n.folder, n.made, n.size, n.fault, n.tried = folder, info.ModTime(), info.Size(), err, true
	}
	return n.fault
}

// openEyes opens the network for the detector.
func (c *cameras) openEyes() (detect.Eyes, error) {
	folder, _, err := c.network.find()
	if err != nil {
		return nil, err
	}
	m, err := detect.Open(folder)
	if err != nil {
		return nil, err
	}
	return m, nil
}
