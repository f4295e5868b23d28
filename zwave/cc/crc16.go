package cc

import "bytes"

// CRC16Encap carries another command with a checksum of its own.
type CRC16Encap struct{ Command []byte }

func parseCRC16(p *params, whole []byte) Command {
	if p.command != 0x01 {
		return nil
	}
	if len(whole) < 6 {
		p.fail("too short")
		return nil
	}
	body, sum := whole[:len(whole)-2], whole[len(whole)-2:]
	if crc(body) != uint16(sum[0])<<8|uint16(sum[1]) {
		p.fail("checksum is wrong")
		return nil
	}
	return CRC16Encap{bytes.Clone(body[2:])}
}

// Class is CRC-16 Encapsulation.
func (CRC16Encap) Class() Class { return CRC16 }

// Append writes the command.
func (c CRC16Encap) Append(b []byte) []byte {
	start := len(b)
	b = append(append(b, byte(CRC16), 0x01), c.Command...)
	sum := crc(b[start:])
	return append(b, byte(sum>>8), byte(sum))
}

// crc is CRC-CCITT with the start value 0x1D0F (SDS13783, CRC-16 Encapsulation
// Command Class).
func crc(b []byte) uint16 {
	sum := uint16(0x1D0F)
	for _, v := range b {
		sum ^= uint16(v) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}
