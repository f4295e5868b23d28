package hub

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/auth"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// TestACameraThatIsToldItsPassword: one that asks for the password itself is lost, with
// what to do, until its owner allows that; then every face says so for as long as it is so.
func TestACameraThatIsToldItsPassword(t *testing.T) {
	t.Parallel()
	h, sim, _ := houseWith(t, camsim.Options{Listen: "127.0.0.1:0", Scene: camsim.Draw(camsim.Porch), Auth: []auth.VerifyMethod{auth.VerifyMethodBasic}})
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	c = h.put(t, c)
	soon(t, "it is lost", h.cameraIs(c.ID, "lost"))
	now, _ := h.cameras.Camera(c.ID)
	if !strings.Contains(now.Status.Why, "or allow it for this camera") || now.BasicAuth || h.board.Present(health.CameraInClear, c.ID) {
		t.Errorf("it is lost because %q; allowed: %v", now.Status.Why, now.BasicAuth)
	}
	said := func(text string) func() bool {
		return func() bool {
			lines, _, err := h.journal.Page(journal.Query{Kind: home.KindDevice})
			return err == nil && slices.ContainsFunc(lines, func(e home.Event) bool { return e.Text == text })
		}
	}
	soon(t, "the journal says that it was added", said("Ada added the camera Porch."))

	c.BasicAuth = true
	c = h.put(t, c)
	soon(t, "it is up", h.cameraIs(c.ID, "up"))
	soon(t, "everybody hears", func() bool { return h.board.Present(health.CameraInClear, c.ID) })
	soon(t, "the journal says so", said("Ada changed the camera Porch, whose password may be told in the clear from now on."))
	if kept, ok, err := h.cameras.table.Get(string(c.ID)); err != nil || !ok || !kept.BasicAuth {
		t.Errorf("kept is %+v, %v, %v", kept, ok, err)
	}
	c.Name = "Front porch"
	c = h.put(t, c)
	soon(t, "the journal says it once", said("Ada changed the camera Front porch."))

	c.BasicAuth = false
	c = h.put(t, c)
	soon(t, "it is lost again", h.cameraIs(c.ID, "lost"))
	soon(t, "nobody is told any more", func() bool { return !h.board.Present(health.CameraInClear, c.ID) })
}
