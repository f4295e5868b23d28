package cc

// ManufacturerGet asks for a ManufacturerReport.
type ManufacturerGet struct{}

// ManufacturerReport names the product as the Z-Wave Alliance lists it.
type ManufacturerReport struct{ Maker, ProductType, Product uint16 }

func parseManufacturer(p *params) Command {
	switch p.command {
	case 0x04:
		return ManufacturerGet{}
	case 0x05:
		return ManufacturerReport{p.uint16(), p.uint16(), p.uint16()}
	}
	return nil
}

// Class is Manufacturer Specific.
func (ManufacturerGet) Class() Class { return ManufacturerSpecific }

// Class is Manufacturer Specific.
func (ManufacturerReport) Class() Class { return ManufacturerSpecific }

// Append writes the command.
func (ManufacturerGet) Append(b []byte) []byte { return append(b, byte(ManufacturerSpecific), 0x04) }

// Append writes the command.
func (c ManufacturerReport) Append(b []byte) []byte {
	return append(b, byte(ManufacturerSpecific), 0x05, byte(c.Maker>>8), byte(c.Maker),
		byte(c.ProductType>>8), byte(c.ProductType), byte(c.Product>>8), byte(c.Product))
}
