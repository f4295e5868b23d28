package zigbeesim

// Remote is a remote control on a battery: it has nothing to say of itself and
// sends commands, to whom it was bound.
type Remote struct{ *Node }

// NewRemote makes one. One for groups only is bound to a group and to nobody else,
// and speaks to group 0 until it is.
func (s *Stick) NewRemote(m Make, groupsOnly bool) *Remote {
	m.sleepy = true
	r := &Remote{s.node(m, "SimRemote", 0x0820)}
	r.in, r.out = append(r.in, 0x0001), []uint16{0x0003, 0x0005, 0x0006, 0x0008, 0x0019}
	r.groupsOnly = groupsOnly
	return r
}

// Push sends a command of a cluster.
func (r *Remote) Push(cluster uint16, command byte, payload ...byte) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	frame := append([]byte{clusterCommand, r.seq, command}, payload...)
	if !r.groupsOnly {
		if r.bound[cluster] || r.settled {
			r.say(cluster, frame...)
		}
		return
	}
	if !r.near() || r.short == 0 {
		return
	}
	r.seq++
	if r.s.reaches(r.Node) {
		r.s.face.groupcast(r.Node, r.group, cluster, frame)
	}
	r.stay(r.make.Poll)
}

// Group is the group that it was bound to; 0: to none.
func (r *Remote) Group() uint16 {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.group
}

// BindsNothing has it refuse to be bound to anything.
func (r *Remote) BindsNothing() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.unbound = true
}
