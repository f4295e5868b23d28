package health_test

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

var update = flag.Bool("update", false, "rewrite CONDITIONS.md")

// TestConditionsAsReviewed holds CONDITIONS.md to the table that it is made
// from.
func TestConditionsAsReviewed(t *testing.T) {
	const file = "CONDITIONS.md"
	got := conditions()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(got, string(want)); diff != "" {
		t.Errorf("conditions changed (-got +reviewed); if meant, go test ./hub/health -update:\n%s", diff)
	}
}

func conditions() string {
	codes := slices.SortedFunc(maps.Keys(health.Declarations), func(a, b health.Code) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	var b strings.Builder
	b.WriteString(`# Conditions

Every way in which the house can be unwell, worst first. The page, the API
(` + "`GET /api/v1/health`" + `, the alarm's ` + "`troubles`" + `), MQTT
(` + "`gatehouse/alarm/state`" + `) and the metrics show those that are present. Which
modes a condition stands in the way of can be overruled by force.

Made from ` + "`conditions.go`" + ` by ` + "`go test ./hub/health -update`" + `.

| code | severity | what the house says | what to do | keeps from being armed |
|---|---|---|---|---|
`)
	for _, code := range codes {
		d := health.Declarations[code]
		text := d.Text
		if text == "%s" {
			text = "(the panel's own words)"
		}
		text = strings.ReplaceAll(strings.ReplaceAll(text, "%s", "…"), "….", "…")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", code, d.Severity, text, d.Mend, blocks(code, d))
	}
	return b.String()
}

func rank(c health.Code) int {
	return slices.Index([]home.Severity{home.SeverityCritical, home.SeverityWarning, home.SeverityInfo}, health.Declarations[c].Severity)
}

func blocks(code health.Code, d health.Declaration) string {
	switch {
	case len(d.Blocks) == 0:
		return "–"
	case slices.Contains(health.ByUse, code):
		return "the modes in which the device guards"
	case slices.Equal(d.Blocks, home.Modes):
		return "every mode"
	default:
		var words []string
		for _, m := range d.Blocks {
			words = append(words, string(m))
		}
		return strings.Join(words, ", ")
	}
}

// proofs names for each condition the tests that raise and clear it the way in
// which it comes and goes in a house.
var proofs = map[health.Code][]string{
	health.BatteryEmpty:     {"hub.TestBatteryThatRunsDown"},
	health.BatteryLow:       {"hub.TestBatteryThatRunsDown"},
	health.CertificateFault: {"hub.TestCertificateThatCannotBeRenewedIsSaid"},
	health.ChannelLeft:      {"hub.TestZigbeeDevicesThatDoNotFollow"},
	health.ClipsLost:        {"hub.TestDamagedFileOfClipsIsSaid"},
	health.ClipsNotErased:   {"hub.TestClipsThatCannotBeErasedAreSaid"},
	health.ClipsNotWritten:  {"hub.TestClipsThatCannotBeWrittenAreSaid"},
	health.NoVault:          {"hub.TestNothingIsRecordedWithoutAVault"},
	health.ClockUnsynced:    {"hub.TestClockThatNobodySets"},
	health.ClockWrong:       {"hub.TestClockThatCannotBeRightIsSaid"},
	health.Demo:             {"hub/demo.TestTroublesReachEveryFace"}, // a demo never ceases to be one
	health.DeviceMissing:    {"hub.TestSensorThatFallsSilent", "hub.TestSirenThatIsUnpluggedIsMissedWithinMinutes"},
	health.DeviceTampered:   {"hub.TestTamperWhileDisarmed"},
	health.DiskLow:          {"hub.TestDiskThatFillsUp"},
	health.HomeKitDown:      {"hub.TestPortThatAppleHomeWantsIsInUse"},
	health.HomeKitFull:      {"hub.TestMoreDevicesThanAppleHomeTakes"},
	health.HubBatteryLow:    {"hub.TestMainsLostAndHubBattery"},
	health.JournalBehind:    {"hub/crash.TestFullDisk"},
	health.KeypadInClear:    {"hub.TestKeypadInClearIsSaid"},
	health.MQTTDown:         {"hub.TestPortsInUse"},
	health.MainsLost:        {"hub.TestMainsLostAndHubBattery"},
	health.NameTaken:        {"hub.TestNameThatAnotherHasIsSaid"},
	health.NotEnrolled:      {"hub.TestZoneThatIsNotEnrolledIsSaid"},
	health.DeviceUpdating:   {"hub.TestUpgradeOfASleeper"},
	health.NotReporting:     {"hub.TestDeviceThatRefusesToReportIsSaid"},
	health.NotClaimed:       {"hub.TestHubBelongsToNobodyUntilItIsClaimed"},
	health.OutsideStandard:  {"hub.TestSettingsOutsideTheStandardAreSaid"},
	health.PageDown:         {"hub.TestPortsInUse"},
	health.QuirkFault:       {"hub.TestQuirkFileThatIsNotUnderstoodIsSaid"},
	health.RFJamming:        {"hub.TestJammedAirIsHeard", "hub.TestManySensorsThatFallSilentAreOneTrouble"},
	health.RadioBackupOld:   {"hub.TestZigbeeBackupThatFails"},
	health.RadioForeign:     {"hub.TestZigbeeStickIsReplaced"},
	health.RadioDown:        {"hub.TestRadioThatIsPulledIsOneTroubleAndMakesNobodyMissing", "hub/demo.TestStickPulledWhileArmed"},
	health.RadioStarting:    {"hub.TestStickThatIsStarting"},
	health.RuleNotArmed:     {"hub.TestRuleThatCannotArmIsSaid"},
	health.RuleStopped:      {"hub.TestRuleThatFiresTooOftenIsSaid"},
	health.SirenSilent:      {"hub.TestSirenThatDoesNotConfirmIsSaid"},
	health.SnapshotFault:    {"hub.TestSafetyCopyThatCannotBeMadeIsSaid"},
	health.StorageFault:     {"hub.TestPanelThatCannotBeSavedIsSaid", "hub/crash.TestReadOnlyDisk"},
	health.StorageRestored:  {"hub.TestDatabaseThatWasPutBackIsSaid"},
	health.ViewsBroken:      {"hub.TestRecordOfViewsThatIsNotWholeIsSaid"},
	health.ViewsUnwritten:   {"hub.TestViewsThatCannotBeWrittenAreSaid"},
	health.ZoneIgnored:      {"hub.TestZoneThatIsIgnoredIsSaid"},

	health.CameraCertificate: {"hub.TestACameraThatShowsAnotherCertificate"},
	health.CameraClock:       {"hub.fallIll"},
	health.CameraCovered:     {"hub.TestACoveredCameraIsSaid", "hub.TestONVIFCamerasThatAreUnwell"},
	health.CameraInClear:     {"hub.TestACameraThatIsToldItsPassword"},
	health.CameraLost:        {"hub.fallIll"},
	health.CameraNoKey:       {"hub.fallIll"},
	health.CameraNotRecorded: {"hub.fallIll"},
	health.CameraUnmasked:    {"hub.TestMasksOfACamera"},
	health.CameraUnheard:     {"hub.TestONVIFCamerasThatAreUnwell"},
	health.CameraSubLost:     {"hub.TestASubStreamIsLookedAt"},
	health.CameraPreShort:    {"hub.fallIll"},
	health.CameraUnseen:      {"hub.TestPicturesThatAreNotLookedAt"},
	health.DetectorMissing:   {"hub.TestPicturesThatAreNotLookedAt"},
}

// TestEveryConditionIsProven: each condition has a test that speaks of it.
func TestEveryConditionIsProven(t *testing.T) {
	names := constants(t)
	for code := range health.Declarations {
		if len(proofs[code]) == 0 {
			t.Errorf("%s: no test raises and clears it; write one and name it here", code)
		}
		for _, proof := range proofs[code] {
			dir, test, _ := strings.Cut(proof, ".")
			body, ok := source(t, filepath.Join("..", "..", filepath.FromSlash(dir)), test)
			if !ok {
				t.Errorf("%s: there is no test %s", code, proof)
			} else if !strings.Contains(body, `"`+string(code)+`"`) && !strings.Contains(body, "health."+names[code]) {
				t.Errorf("%s: %s does not speak of it", code, proof)
			}
		}
	}
	for code := range proofs {
		if _, ok := health.Declarations[code]; !ok {
			t.Errorf("%s is proven and not declared", code)
		}
	}
}

// constants are the names of the codes in Go.
func constants(t *testing.T) map[health.Code]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "conditions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := map[health.Code]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				names[health.Code(strings.Trim(lit.Value, `"`))] = v.Names[0].Name
			}
		}
		return true
	})
	return names
}

// source is the text of a test function in the folder dir.
func source(t *testing.T, dir, test string) (string, bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == test {
				return string(src[fset.Position(fn.Pos()).Offset:fset.Position(fn.End()).Offset]), true
			}
		}
	}
	return "", false
}
