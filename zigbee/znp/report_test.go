package znp

import (
	"bytes"
	"log/slog"
	"testing"

	"gatehouse/zigbee"
)

// ear counts the panics of keypads that it hears.
type ear struct{ panics int }

func (e *ear) Heard(m zigbee.Message) {
	if m.Cluster == 0x0501 && bytes.Equal(m.Payload, []byte{0x01, 0x99, 0x04}) {
		e.panics++
	}
}
func (*ear) Answered(zigbee.Short, uint16, []byte)           {}
func (*ear) Announced(zigbee.IEEE, zigbee.Short, byte, bool) {}
func (*ear) Gone(zigbee.IEEE)                                {}

// FuzzReport: whatever the stick says, whole or not, nothing panics, and what a
// keypad says behind it is heard once.
func FuzzReport(f *testing.F) {
	for _, c := range []Command{afIncoming, afConfirm, zdoAnnounce, zdoTrust, zdoLeave, zdoState, sysResetInd, rpcError, zdoUpdateNotify, 0x4582, 0x6401} {
		f.Add(uint16(c), []byte{})
		f.Add(uint16(c), []byte{0, 1, 0x2A, 0x21, 0x2A, 1, 1, 0, 180, 0, 0, 0, 0, 0, 7, 3, 1, 2, 3, 0x21, 0x2A, 30})
	}
	panicked := Frame{afIncoming, []byte{0, 0, 0x01, 0x05, 0x01, 0x2A, 1, 1, 0, 180, 0, 0, 0, 0, 0, 7, 3, 0x01, 0x99, 0x04}}
	f.Fuzz(func(t *testing.T, command uint16, data []byte) {
		e := &ear{}
		s := Open(&bytes.Buffer{}, slog.New(slog.DiscardHandler))
		s.handler = e
		s.take(Frame{Command(command), data}.Append(nil))
		before := e.panics
		s.take(panicked.Append(nil))
		if e.panics != before+1 {
			t.Errorf("behind %04x % x the keypad is heard %d times", command, data, e.panics-before)
		}
	})
}
