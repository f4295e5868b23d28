package cc

// Lifeline is the group whose members are told everything that matters.
const Lifeline byte = 1

// AssociationSet adds nodes to a group.
type AssociationSet struct {
	Group byte
	Nodes []byte
}

// AssociationGet asks who is in a group.
type AssociationGet struct{ Group byte }

// AssociationReport says who is. Follow counts the reports still to come.
type AssociationReport struct {
	Group, Max, Follow byte
	Nodes              []byte
}

// AssociationRemove takes nodes out of a group; no nodes means all.
type AssociationRemove struct {
	Group byte
	Nodes []byte
}

// AssociationGroupingsGet asks how many groups there are.
type AssociationGroupingsGet struct{}

// AssociationGroupingsReport says how many.
type AssociationGroupingsReport struct{ Groups byte }

func parseAssociation(p *params) Command {
	switch p.command {
	case 0x01:
		return AssociationSet{p.byte(), p.all()}
	case 0x02:
		return AssociationGet{p.byte()}
	case 0x03:
		return AssociationReport{p.byte(), p.byte(), p.byte(), p.all()}
	case 0x04:
		return AssociationRemove{p.optional(), p.all()}
	case 0x05:
		return AssociationGroupingsGet{}
	case 0x06:
		return AssociationGroupingsReport{p.byte()}
	}
	return nil
}

// Class is Association.
func (AssociationSet) Class() Class { return Association }

// Class is Association.
func (AssociationGet) Class() Class { return Association }

// Class is Association.
func (AssociationReport) Class() Class { return Association }

// Class is Association.
func (AssociationRemove) Class() Class { return Association }

// Class is Association.
func (AssociationGroupingsGet) Class() Class { return Association }

// Class is Association.
func (AssociationGroupingsReport) Class() Class { return Association }

// Append writes the command.
func (c AssociationSet) Append(b []byte) []byte {
	return append(append(b, byte(Association), 0x01, c.Group), c.Nodes...)
}

// Append writes the command.
func (c AssociationGet) Append(b []byte) []byte {
	return append(b, byte(Association), 0x02, c.Group)
}

// Append writes the command.
func (c AssociationReport) Append(b []byte) []byte {
	return append(append(b, byte(Association), 0x03, c.Group, c.Max, c.Follow), c.Nodes...)
}

// Append writes the command.
func (c AssociationRemove) Append(b []byte) []byte {
	return append(append(b, byte(Association), 0x04, c.Group), c.Nodes...)
}

// Append writes the command.
func (AssociationGroupingsGet) Append(b []byte) []byte { return append(b, byte(Association), 0x05) }

// Append writes the command.
func (c AssociationGroupingsReport) Append(b []byte) []byte {
	return append(b, byte(Association), 0x06, c.Groups)
}
