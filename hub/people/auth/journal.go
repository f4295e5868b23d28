package auth

import (
	"time"

	"gatehouse/hub/home"
)

// note writes an access line. Texts never hold what somebody typed.
func (p *Porter) note(now time.Time, who, text string) {
	if p.o.Journal == nil {
		return
	}
	e := home.Event{At: home.At(now), Kind: home.KindAccess, Text: text}
	if who != "" {
		e.Who = home.Who(who)
	}
	p.o.Journal.Add(e)
}

// noteGuess writes of wrong tries, ever more seldom: a flood of them must not
// push the house's own story out of the journal.
func (p *Porter) noteGuess(now time.Time, fails int, what string, from Client) {
	if !telling(fails) {
		return
	}
	text := "Somebody gave " + what + " that was not right, from " + place(from)
	if fails > 1 {
		text += " (try " + itoa(fails) + ")"
	}
	p.note(now, "", text)
}

// telling picks 1, 2, 3, 5, 10, 20, 50, 100 …
func telling(n int) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1 || n == 2 || n == 3 || n == 5
}

func place(from Client) string {
	if !from.Addr.IsValid() {
		return "an unknown address"
	}
	return from.Addr.String()
}
