package zigbeesim

// others are commands of EZSP that the hub does not use and other hosts do.
func (e *ezsp) others(command uint16, f *fields, answer func(...[]byte)) bool {
	switch command {
	case 0x0003: // getExtendedValue: whether there is such an endpoint
		const endpointFlags = 0
		if id, endpoint := f.u8(), byte(f.u32()); id != endpointFlags || !e.endpoints[endpoint] {
			answer(e.status(ezBad), []byte{2, 0, 0})
			break
		}
		answer(e.status(ezOK), []byte{2, 1, 0}) // it is enabled
	case 0x0010: // setConcentrator
		f.bytes(1 + 2 + 2 + 2 + 1 + 1 + 1)
		answer(e.status(ezOK))
	case 0x0015: // setManufacturerCode
		f.u16()
		answer()
	case 0x0018: // networkState
		joined := byte(0)
		if e.state == coordinator {
			joined = 2
		}
		answer([]byte{joined})
	case 0x005A: // setSourceRouteDiscoveryMode: when the next one is, in ms
		f.u8()
		answer(le32(60_000))
	case 0x0064: // setMulticastTableEntry
		f.bytes(1 + 2 + 1 + 1)
		answer(e.status(ezOK))
	default:
		return false
	}
	return true
}
