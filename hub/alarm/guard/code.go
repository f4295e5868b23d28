package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// madeDigits is the length of a code that the hub makes.
const madeDigits = 6

// Codes lists the codes without their digits.
func (g *Guard) Codes() []home.Code {
	return g.peek().Codes()
}

// PutCode adds or changes a code. An empty id makes a new one; a new code
// without digits gets six from the hub, returned this once; a known one keeps
// its digits unless new ones are given. Errors: *home.Invalid.
func (g *Guard) PutCode(ctx context.Context, c home.Code, by string) (home.Code, error) {
	if c.ID == "" {
		c.ID = "code-" + strings.ToLower(rand.Text()[:10])
	}
	made := c.Code == "" && !g.hasCode(c.ID)
	for try := 1; ; try++ {
		if made {
			c.Code = newDigits()
		}
		err := g.putCode(ctx, c, by)
		var invalid *home.Invalid
		if made && try < 20 && errors.As(err, &invalid) && invalid.Field == "code" {
			continue // the hub's own choice was taken: choose again
		}
		if err != nil {
			c.Code = ""
			return c, err
		}
		break
	}
	digits := c.Code
	for _, kept := range g.Codes() {
		if kept.ID == c.ID {
			c = kept
		}
	}
	if made {
		c.Code = digits
	}
	return c, nil
}

func (g *Guard) putCode(ctx context.Context, c home.Code, by string) error {
	in := alarm.PutCode{Code: c, By: by}
	in.Code.Code = ""
	if c.Code != "" {
		if err := checkDigits(c.Code); err != nil {
			return err
		}
		in.Digest = g.digest(c.Code)
		in.Near = g.near(c.Code)
	}
	return g.request(ctx, in)
}

// DeleteCode removes a code. Errors: *home.NotFound.
func (g *Guard) DeleteCode(ctx context.Context, id, by string) error {
	return g.request(ctx, alarm.DeleteCode{ID: id, By: by})
}

func (g *Guard) hasCode(id string) bool {
	for _, c := range g.Codes() {
		if c.ID == id {
			return true
		}
	}
	return false
}

func checkDigits(s string) error {
	if len(s) < alarm.MinDigits || len(s) > alarm.MaxDigits || strings.Trim(s, "0123456789") != "" {
		return &home.Invalid{Field: "code", Reason: fmt.Sprintf("give %d to %d digits and nothing else", alarm.MinDigits, alarm.MaxDigits)}
	}
	return nil
}

// near are the digests of all digits that are one slip of the finger from s: one
// digit another, one too many, one too few, or two swapped. By them the panel
// keeps duress codes away from every other.
func (g *Guard) near(s string) []alarm.Digest {
	slips := map[string]bool{}
	for i := range s {
		slips[s[:i]+s[i+1:]] = true
		if i > 0 {
			slips[s[:i-1]+s[i:i+1]+s[i-1:i]+s[i+1:]] = true
		}
		for d := '0'; d <= '9'; d++ {
			slips[s[:i]+string(d)+s[i+1:]] = true
			slips[s[:i]+string(d)+s[i:]] = true
		}
	}
	for d := '0'; d <= '9'; d++ {
		slips[s+string(d)] = true
	}
	delete(slips, s)
	near := make([]alarm.Digest, 0, len(slips))
	for slip := range slips {
		near = append(near, g.digest(slip))
	}
	return near
}

func newDigits() string {
	var b strings.Builder
	for range madeDigits {
		n, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		b.WriteByte('0' + byte(n.Int64()))
	}
	return b.String()
}
