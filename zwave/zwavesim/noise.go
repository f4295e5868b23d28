package zwavesim

// Quiet is the noise of a house without a jammer, in dBm.
const Quiet = -100

// talkBelow is the noise from which on a chip does not send, because it hears
// somebody else (listen before talk), and nothing of its nodes comes through.
const talkBelow = -80

// SetNoise sets how loud the air is, in dBm; 125, 126 and 127 are what a stick
// says when it is below its sensitivity, saturated, or cannot tell. From −80 on
// the channel is jammed: reports are lost and the stick cannot send.
func (s *Stick) SetNoise(dbm int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noise = dbm
	s.change()
}

// Noise is what SetNoise was told last.
func (s *Stick) Noise() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noise
}

func (s *Stick) drowned() bool {
	const belowSensitivity, notAvailable = 125, 127
	return s.noise >= talkBelow && s.noise != belowSensitivity && s.noise != notAvailable
}

// channels is the noise on three channels; the second is a little quieter.
func (s *Stick) channels() []byte {
	second := s.noise
	if second < 0 {
		second--
	}
	return []byte{byte(s.noise), byte(second), byte(s.noise)}
}
