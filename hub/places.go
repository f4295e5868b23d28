package hub

import (
	"fmt"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// crowdedAgain is how long nothing more is written of somebody who has been refused
// pictures: players ask again every few seconds.
const crowdedAgain = time.Hour

// Crowded implements api.Live and is restream's too: somebody has as many pictures at
// once as one may, and asked for more. Whose token it is may not know of it.
func (c *cameras) Crowded(who auth.Caller, most int) {
	c.mu.Lock()
	again := time.Since(c.crowded[who.ID]) < crowdedAgain
	if !again {
		c.crowded[who.ID] = time.Now()
	}
	c.mu.Unlock()
	if again {
		return
	}
	text := fmt.Sprintf("%s was refused one more picture: %d at once are the most.", who.Name, most)
	if who.Kind == auth.ByToken {
		text += " If you do not know who looks, withdraw that token."
	}
	c.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Who: home.Who(who.Name), Text: text})
}
