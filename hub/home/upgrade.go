package home

// UpgradeState is how far a new firmware has come.
type UpgradeState string

// Upgrade states.
const (
	UpgradeWaiting    UpgradeState = "waiting"    // until the device asks for it
	UpgradeRunning    UpgradeState = "running"    // it fetches it
	UpgradePaused     UpgradeState = "paused"     // while the house is guarded
	UpgradeInstalling UpgradeState = "installing" // it has all, and starts with it
	UpgradeDone       UpgradeState = "done"
	UpgradeFailed     UpgradeState = "failed" // the device runs what it ran before
)

// Ended tells whether nothing further will come.
func (s UpgradeState) Ended() bool { return s == UpgradeDone || s == UpgradeFailed }

// Upgrade is a new firmware on its way to a device.
type Upgrade struct {
	File    string       `json:"file" doc:"id of the firmware"`
	Version string       `json:"version"`
	Older   bool         `json:"older" doc:"it may be older than what the device runs"`
	State   UpgradeState `json:"state" enum:"waiting,running,paused,installing,done,failed"`
	Percent int          `json:"percent"`
	Text    string       `json:"text"` // what is going on, and what somebody can do
	Since   Time         `json:"since"`
}

// Updating tells whether the device takes a new firmware or starts with it: until
// that is over it may not say what it sees. One that was told to wait works as before.
func (d Device) Updating() bool {
	return d.Upgrade != nil && (d.Upgrade.State == UpgradeRunning || d.Upgrade.State == UpgradeInstalling)
}

// Firmware is a firmware file that lies in the data folder.
type Firmware struct {
	ID      string `json:"id" doc:"SHA-256 of the file"`
	File    string `json:"file" doc:"its name"`
	Radio   string `json:"radio"`
	Maker   string `json:"maker"`
	Type    string `json:"type"`
	Version string `json:"version"`
	Header  string `json:"header" doc:"what its maker calls it"`
	Bytes   int    `json:"bytes"`
	SHA512  string `json:"sha512" doc:"to compare with what its maker or an index says"`
	Fault   string `json:"fault,omitempty" doc:"why it can't be used; then the rest is empty"`
}
