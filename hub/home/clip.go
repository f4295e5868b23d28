package home

// ClipID names a clip for ever.
type ClipID string

// Clip is a piece of footage, sealed: the hub itself cannot see it. What stands
// here is all that can be read without an owner's key.
type Clip struct {
	ID       ClipID      `json:"id"`
	Camera   DeviceID    `json:"camera"`
	Start    Time        `json:"start" doc:"of its first picture: before what it was recorded for"`
	End      Time        `json:"end" doc:"of its last picture; of a clip that is being recorded, as far as it is on the disk"`
	Reason   string      `json:"reason" doc:"zone:<id>, doorbell, motion, phase:<phase>, person:<name>, continuous"`
	State    ClipState   `json:"state"`
	Labels   []ClipLabel `json:"labels" doc:"what was seen, as long as the hub that saw it runs; afterwards only the notes say it, and they are sealed"`
	Bytes    int64       `json:"bytes" doc:"of the film as it is exported"`
	SealedTo []string    `json:"sealed_to" doc:"whose keys open it"`
	Epoch    int         `json:"epoch" doc:"which of the vault's keys these are: the vault's epoch when it began"`
	Kept     bool        `json:"kept" doc:"it stays until somebody deletes it"`
	Expires  *Time       `json:"expires" doc:"after this it is deleted, within a day; null: it goes when its room is wanted, oldest first, or is kept"`
	SHA256   string      `json:"sha256" doc:"of the film as it is exported; empty while it is being recorded"`
	CutShort bool        `json:"cut_short" doc:"it ends before what it was recorded for had ended"`
	Why      string      `json:"why,omitempty" doc:"why it was cut short, or is lost"`
	Codecs   string      `json:"codecs" doc:"RFC 6381"`
	Width    int         `json:"width"`
	Height   int         `json:"height"`
	Stills   int         `json:"stills" doc:"how many sealed pictures belong to it"`
	Notes    bool        `json:"notes" doc:"sealed notes belong to it: what was seen, and where one can begin to look"`
}

// ClipMark is what stands on a ruler of time: one clip, or several of a kind that are
// so near to each other that they would be one stroke.
type ClipMark struct {
	Camera    DeviceID `json:"camera"`
	Start     Time     `json:"start"`
	End       Time     `json:"end"`
	Reason    string   `json:"reason" doc:"as of a clip"`
	Labels    []string `json:"labels" doc:"as of a clip, sorted"`
	Clips     int      `json:"clips" doc:"how many it stands for"`
	Clip      ClipID   `json:"clip" doc:"the first of them"`
	Recording bool     `json:"recording" doc:"the last of them still grows"`
}

// ClipState is how a clip stands.
type ClipState string

// States of a clip.
const (
	ClipRecording ClipState = "recording"
	ClipWhole     ClipState = "whole"
	ClipCutShort  ClipState = "cut-short"
	ClipLost      ClipState = "lost"    // the file that held it cannot be read
	ClipDeleted   ClipState = "deleted" // told once, to whoever listens
)

// ClipDeletion is what became of a clip that was deleted.
type ClipDeletion struct {
	Bytes  int64 `json:"bytes" doc:"of ciphertext that is still on the disk"`
	GoneBy *Time `json:"gone_by" doc:"when they are gone from it at the latest, unless the hub is off or its disk full; then a condition says so"`
}

// ClipLabel is what was seen in a clip, at its surest.
type ClipLabel struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
	Zone  string  `json:"zone,omitempty" doc:"of the camera's zones, where it was seen so surely"`
}

// Vault is whose keys clips are sealed to. The hub knows public keys only. What opens
// the clips of before is among what is wrapped, if the browser put it there.
type Vault struct {
	Recipients []string       `json:"recipients" doc:"public keys, age1pq1…: hybrid ones only (ML-KEM-768 and X25519)" maxItems:"8"`
	Names      []string       `json:"names" doc:"what the keys are called, in the same order" maxItems:"8"`
	Wrapped    string         `json:"wrapped" doc:"the private key, wrapped by the browser that made it: opaque to the hub" maxLength:"32768"`
	Epoch      int            `json:"epoch" doc:"grows with each change of the keys"`
	Since      *Time          `json:"since"`
	Passkeys   []VaultPasskey `json:"passkeys" doc:"what opens the private key beside the passphrase" maxItems:"16"`
	Earlier    []VaultEpoch   `json:"earlier" doc:"the keys that clips were sealed to before, newest first" maxItems:"64"`
}

// VaultEpoch is whose keys clips were sealed to for a while. Which clips, they say
// themselves.
type VaultEpoch struct {
	Epoch int      `json:"epoch"`
	Names []string `json:"names" doc:"what the keys were called"`
	Ends  []string `json:"ends" doc:"the last six characters of each public key, in the same order: they tell one sheet of paper from another"`
	Since *Time    `json:"since"`
	Until Time     `json:"until"`
}

// VaultPasskey is the owner's private key once more, wrapped by the browser to what
// one passkey alone can say (WebAuthn, extension prf). It opens the vault, in a
// browser; to the hub it is nothing: nobody signs in by it and nothing is reset.
type VaultPasskey struct {
	ID         string   `json:"id" readOnly:"true"`
	Name       string   `json:"name" doc:"what the owner calls it" minLength:"1" maxLength:"40"`
	Host       string   `json:"host" doc:"the name of the hub at which it was made (the rp id): browsers use it at no other" maxLength:"253"`
	Credential string   `json:"credential" doc:"the credential's id, base64url" maxLength:"1364"`
	Transports []string `json:"transports" doc:"how the browser reaches it" maxItems:"8"`
	Wrapped    string   `json:"wrapped" doc:"an age file in its armour, with a stanza age-encryption.org/fido2prf: opaque to the hub" maxLength:"4096"`
	Created    Time     `json:"created" readOnly:"true"`
	By         string   `json:"by" doc:"who added it" readOnly:"true"`
}
