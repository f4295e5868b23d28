package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

const goodPassword = Secret("seven green umbrellas in may")

// lines is a journal that keeps what it is told.
type lines struct {
	mu   sync.Mutex
	list []home.Event
}

func (l *lines) Add(e home.Event) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
	return uint64(len(l.list))
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, e := range l.list {
		b.WriteString(e.Text + "\n")
	}
	return b.String()
}

// rig is a Porter in a house of its own.
type rig struct {
	*Porter
	t    testing.TB
	dir  string
	db   *storage.DB
	said *lines
	o    Options
}

func open(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), said: &lines{}}
	r.o = Options{Dir: r.dir, Journal: r.said, Cost: CheapCost(t)}
	for _, f := range change {
		f(&r.o)
	}
	r.start()
	t.Cleanup(func() { _ = r.db.Close() })
	return r
}

func (r *rig) start() {
	r.t.Helper()
	var err error
	if r.db, err = storage.Open(filepath.Join(r.dir, "home.db"), storage.Options{}); err != nil {
		r.t.Fatal(err)
	}
	r.o.DB = r.db
	if r.Porter, err = Open(r.o); err != nil {
		r.t.Fatal(err)
	}
}

// restart is a power cut for the Porter.
func (r *rig) restart() {
	r.t.Helper()
	if err := r.db.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

// at is a client at an address.
func at(addr string) Client { return Client{Addr: netip.MustParseAddr(addr), TLS: true, Agent: "test"} }

var kitchen = at("192.168.1.20")

// person is what somebody keeps outside the hub.
type person struct {
	key      []byte
	recovery []Secret
	secret   string // of the session's cookie
	known    Secret
	Caller
}

func (p *person) take(e Entered) {
	p.Caller = e.Caller
	for _, c := range e.Cookies {
		switch c.Name {
		case "__Host-gatehouse":
			p.secret = c.Value
		case "__Host-gatehouse-known":
			p.known = Secret(c.Value)
		}
	}
}

func (p *person) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://gatehouse.local/", nil)
	r.RemoteAddr = "192.168.1.20:5555"
	r.AddCookie(&http.Cookie{Name: "__Host-gatehouse", Value: p.secret})
	return r
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// enrol takes somebody with a claim code through to a full session.
func (r *rig) enrol(code Secret, name string) *person {
	r.t.Helper()
	ctx := context.Background()
	who := &person{}
	who.take(must[Entered](r.t)(r.Claim(ctx, kitchen, code)))
	if err := r.ChoosePassword(ctx, who.Caller, name, goodPassword); err != nil {
		r.t.Fatal(err)
	}
	o := must[Offer](r.t)(r.OfferTOTP(ctx, who.Caller))
	who.key = must[[]byte](r.t)(noPad.DecodeString(strings.ReplaceAll(string(o.Key), " ", "")))
	who.recovery = must[[]Secret](r.t)(r.ConfirmTOTP(ctx, who.Caller, who.now()))
	who.take(must[Entered](r.t)(r.ConfirmRecovery(ctx, who.Caller, kitchen, who.recovery[3])))
	return who
}

// now is the code that the person's app shows.
func (p *person) now() Secret { return Secret(totpAt(p.key, stepAt(time.Now()))) }

// claimed is a house with an owner.
func claimedHouse(t *testing.T, change ...func(*Options)) (*rig, *person) {
	t.Helper()
	r := open(t, change...)
	code, _, _ := r.ClaimCode()
	who := r.enrol(code, "Anna")
	if err := r.Finish(context.Background(), who.Caller, Home{Name: "Elm Street 4", Emergency: "112", Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute) // in the bubble: the code that was used is over
	return r, who
}

func TestFirstClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := open(t)
		if got := r.Setup(Caller{}); got != (Setup{Step: StepClaim}) {
			t.Fatalf("before: %+v", got)
		}
		code, file, isOpen := r.ClaimCode()
		if !isOpen || file != filepath.Join(r.dir, "claim-code") || len(readCode(code)) != 16 {
			t.Fatalf("claim code %q in %q, open %v", string(code), file, isOpen)
		}
		who := &person{}
		// As people type it.
		who.take(must[Entered](t)(r.Claim(ctx, kitchen, Secret(" "+strings.ToLower(string(code))+"\n"))))
		if got := r.Setup(who.Caller); got != (Setup{Step: StepPassword}) {
			t.Fatalf("claimed: %+v", got)
		}
		if err := r.ChoosePassword(ctx, who.Caller, " Anna  Berg ", goodPassword); err != nil {
			t.Fatal(err)
		}
		// The page is lost, and the power goes; the same cookie goes on.
		r.restart()
		who.Caller = must[Caller](t)(r.Caller(who.request()))
		if got := r.Setup(who.Caller); got != (Setup{Step: StepTOTP, Name: "Anna Berg"}) {
			t.Fatalf("after the restart: %+v", got)
		}
		// Another browser goes on with the code, and the first is out.
		first := *who
		who.take(must[Entered](t)(r.Claim(ctx, kitchen, code)))
		if _, err := r.Caller(first.request()); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("the first browser: %v", err)
		}
		o := must[Offer](t)(r.OfferTOTP(ctx, who.Caller))
		if again := must[Offer](t)(r.OfferTOTP(ctx, who.Caller)); again != o {
			t.Error("asking again changed the offer under the person's hands")
		}
		who.key = must[[]byte](t)(noPad.DecodeString(strings.ReplaceAll(string(o.Key), " ", "")))
		codes := must[[]Secret](t)(r.ConfirmTOTP(ctx, who.Caller, who.now()))
		if len(codes) != RecoveryCodes {
			t.Errorf("%d recovery codes", len(codes))
		}
		if _, _, isOpen := r.ClaimCode(); isOpen {
			t.Error("still open to be claimed")
		}
		if _, err := r.Claim(ctx, kitchen, code); err == nil {
			t.Error("the claim code lives after the claim")
		}
		if who.Caller = must[Caller](t)(r.Caller(who.request())); who.May(AlarmRead) {
			t.Error("rights before the recovery codes were saved")
		}
		// The codes were not saved: new ones.
		fresh := must[[]Secret](t)(r.NewRecoveryCodes(ctx, who.Caller))
		if _, err := r.ConfirmRecovery(ctx, who.Caller, kitchen, codes[0]); err == nil {
			t.Error("a replaced recovery code was taken")
		}
		who.take(must[Entered](t)(r.ConfirmRecovery(ctx, who.Caller, kitchen, fresh[0])))
		if got := r.Setup(who.Caller); got.Step != StepFinish || !got.Claimed || !who.May(UsersWrite) {
			t.Errorf("at the end: %+v, %+v", got, who.Caller)
		}
		if err := r.Finish(ctx, who.Caller, Home{Name: "Elm", Emergency: "112", Zone: "Europe/Berlin"}); err != nil {
			t.Fatal(err)
		}
		r.restart()
		if got := r.Home(); got != (Home{Name: "Elm", Emergency: "112", Zone: "Europe/Berlin"}) {
			t.Errorf("home: %+v", got)
		}
		if got := r.Setup(must[Caller](t)(r.Caller(who.request()))); got.Step != StepDone {
			t.Errorf("done: %+v", got)
		}
	})
}
