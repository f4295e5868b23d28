package hub

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatehouse/hub/home"
)

// A camera's password is read from the folder secrets and from nowhere else: whoever
// stole a session could have any other file told to a camera of their own.
func TestPasswordFileLiesAmongTheSecrets(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		secrets := h.file("secrets")
		if err := os.Mkdir(secrets, 0o700); err != nil {
			t.Fatal(err)
		}
		write := func(name, text string, mode os.FileMode) string {
			t.Helper()
			if err := os.WriteFile(name, []byte(text), mode); err != nil {
				t.Fatal(err)
			}
			return name
		}
		outside := write(h.file("elsewhere"), "the key of the house", 0o600)
		link := filepath.Join(secrets, "link")
		if err := os.Symlink(outside, link); err != nil {
			t.Fatal(err)
		}
		pipe := filepath.Join(secrets, "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		put := func(file string) error {
			c := home.DefaultCamera("camera-porch")
			c.URL, c.PasswordFile = "rtsp://hub@127.0.0.1:1/main", file
			_, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada")
			c.URL, c.ONVIF = "", "http://hub@127.0.0.1:1" // which is asked, by the password, before anything is kept
			if _, asked := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); err != nil && (asked == nil || err.Error() != asked.Error()) {
				t.Errorf("%s: %v when the camera is to be asked, want %v", file, asked, err)
			}
			return err
		}
		for file, why := range map[string]string{
			outside:                             "must lie in",
			secrets + "/../elsewhere":           "must lie in",
			filepath.Join("/etc", "passwd"):     "must lie in",
			"porch":                             "must lie in",
			secrets:                             "must lie in",
			filepath.Join(secrets, "a", "file"): "must lie in",
			link:                                "can't be read",
			pipe:                                "no file",
			filepath.Join(secrets, "none"):      "can't be read",
			write(filepath.Join(secrets, "open"), "word", 0o644):   "chmod 600",
			write(filepath.Join(secrets, "long"), "a\nb\n", 0o600): "one line",
		} {
			var invalid *home.Invalid
			if err := put(file); !errors.As(err, &invalid) || invalid.Field != "password_file" || !strings.Contains(invalid.Reason, why) {
				t.Errorf("%s: %v, want one that says %q", file, err, why)
			}
		}
		if err := put(write(filepath.Join(secrets, "porch"), "secret word\n", 0o600)); err != nil {
			t.Error(err)
		}
	})
}
