// Package auth knows who may come in: the accounts of the people, the tokens
// of programs, the first claim of a new hub, sessions, and which role may do
// what.
//
// The Porter is the one value that holds all of it. Its promises:
//
//   - No account ships with the hub. The first owner proves that the box is
//     theirs with a claim code that was made for this box alone.
//   - No session is full without a second factor. A session begins in
//     StageEnrol or StagePending and Caller.May is false for every right until
//     it is StageFull; only SecondFactor and ConfirmRecovery make it so.
//   - Nothing is kept from which it could be used: passwords are argon2id,
//     recovery codes, claim codes, session ids and tokens are hashes. The one
//     exception is the TOTP secret, which has to be known to be checked.
//   - No secret is ever in a log line, a journal entry or an error.
//   - Guessing is slowed per account, per network and for the whole hub, and
//     never for ever: the longest wait is MaxWait.
//   - An account that does not exist answers as slowly, and with the same
//     words, as one that does.
//   - What ends a session (sign-out, removal, another password, another
//     factor, its age) closes Caller.Ended at once, so that streams end too.
//
// A method returns only after its change is on disk. The rules about which
// role may do what are a table (see Allowed); the faces ask it, this package
// keeps only the house's own rules, such as that the last owner stays.
//
// Spec: RFC 6238 (TOTP), RFC 9106 (argon2id), NIST SP 800-63B §5.1.1, §7
// (passwords, sessions), ETSI EN 303 645 §5.1.
package auth

import (
	"log/slog"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth/worst"
	"gatehouse/storage"
)

// Figures that people meet.
const (
	MinPassword   = worst.Whole         // characters
	RecoveryCodes = 10                  // a set
	Idle          = 30 * time.Minute    // a session without a request ends
	Lifetime      = 30 * 24 * time.Hour // a session ends whatever happens
	EnrolFor      = time.Hour           // a session that enrols ends
	PendingFor    = 10 * time.Minute    // a session that waits for its second factor ends
	StepUpFor     = 5 * time.Minute     // how long a step-up holds
	InviteFor     = 7 * 24 * time.Hour  // an invitation's life
	KnownFor      = 90 * 24 * time.Hour // a browser that signed in is known this long
	MaxWait       = time.Hour           // the longest wait that guessing earns
	MaxWaitKnown  = 5 * time.Minute     // the same, for a browser that signed in before
)

// Journal takes access events. hub/home/journal is one.
type Journal interface {
	Add(home.Event) uint64
}

// Options say what a Porter works with. DB is required.
type Options struct {
	DB       *storage.DB
	Dir      string       // where the claim code's file is put (0600); "" for no file
	Journal  Journal      // nil for none
	OnSignIn func(SignIn) // told of each new full sign-in and must not block: the notice to all owners
	Log      *slog.Logger // nil for none
	Demo     *Demo        // set in the demo only: an owner that exists from the start
	Cost     Cost         // the zero Cost is calibrated on the device
}

// Demo is the owner of a demo home.
type Demo struct {
	Name     string // "owner" when empty
	Password Secret
	TOTP     Secret // base32, at least 16 characters
	Home     Home
}

// SignIn is the news that somebody came in.
type SignIn struct {
	At    time.Time
	User  string // the account's name
	Role  Role
	From  string // address
	Agent string // what the browser calls itself
	New   bool   // this browser was not known
}

// Stage is how far a session has come.
type Stage string

// Stages. Only a full session has rights.
const (
	StageEnrol   Stage = "enrol"   // came with a claim code: may only enrol and sign out
	StagePending Stage = "pending" // password was right: may only give the second factor and sign out
	StageFull    Stage = "full"
)

// Step is what an enrolling person has to do next.
type Step string

// Steps of the first claim and, without StepFinish, of an invitation.
const (
	StepClaim    Step = "claim"    // give the claim code
	StepPassword Step = "password" // choose a password
	StepTOTP     Step = "totp"     // set up the second factor
	StepRecovery Step = "recovery" // type one recovery code
	StepFinish   Step = "finish"   // name the home
	StepDone     Step = "done"
)

// Setup is how far the first claim, or the caller's own enrolment, has come.
type Setup struct {
	Claimed bool   // the hub has an owner with a second factor
	Step    Step   // what comes next
	Name    string // the enrolling account's name, "" when not chosen
}

// Home is what the owner said about the house.
type Home struct {
	Name      string `json:"name"`
	Emergency string `json:"emergency"` // telephone number, "" when none was given
	Zone      string `json:"zone"`      // IANA time zone
}

// User is an account as it may be shown.
type User struct {
	ID       string
	Name     string
	Role     Role
	Created  home.Time
	Ends     *home.Time // the account stops by itself; guests and installers always have one
	Factor   bool       // a second factor is set up
	Invited  bool       // an invitation waits to be used
	Recovery int        // recovery codes left
	LastSeen *home.Time
}

// Session is a session as it may be shown in the list of who is signed in.
type Session struct {
	ID      string // handle for EndSession; useless for signing in
	User    string // account id
	Name    string // account name
	Stage   Stage
	Created home.Time
	Seen    home.Time // last request
	Expires home.Time // at the latest
	From    string    // address of the last request
	Agent   string
}

// Token is a program's key as it may be shown.
type Token struct {
	ID      string
	Name    string
	Role    Role
	Created home.Time
	By      string     // who made it
	Ends    *home.Time // nil: until revoked
	Used    *home.Time // last use, to about a minute; nil: never
}

// Invite is a one-time code with which a person enrols, by Claim. It is shown
// once.
type Invite struct {
	Code Secret
	Ends home.Time
}

// Offer is a second factor that waits to be confirmed. Both forms carry the
// secret: they go to the person and nowhere else.
type Offer struct {
	Key Secret // base32, as groups of four
	URI Secret // otpauth:// for the QR code
}

// Secret is text that must not be seen: it prints, logs and marshals as
// [redacted]. Convert it to string to use it.
type Secret string

const redacted = "[redacted]"

// String hides the secret from fmt.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
