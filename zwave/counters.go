package zwave

import "sync/atomic"

// counters are the live counts; Counters is a reading of them.
type counters struct {
	framesIn, framesOut, acksIn, naksIn, cansIn, naksOut atomic.Uint64
	checksum, resync, halfFrames, duplicates             atomic.Uint64
	retransmits, ackTimeouts, responseTimeouts           atomic.Uint64
	callbackTimeouts, softResets, aborts, jammed         atomic.Uint64
	unknownFunctions, malformed, dropped                 atomic.Uint64
	reports, queueFull, unexpected, supervisionTimeouts  atomic.Uint64
}

// Counters count what happened since the Controller was made.
type Counters struct {
	FramesIn            uint64 `json:"frames_in"`  // data frames with a good checksum
	FramesOut           uint64 `json:"frames_out"` // data frames, retransmissions included
	AcksIn              uint64 `json:"acks_in"`
	NaksIn              uint64 `json:"naks_in"`
	CansIn              uint64 `json:"cans_in"`
	NaksOut             uint64 `json:"naks_out"`
	BadChecksums        uint64 `json:"bad_checksums"`
	Resyncs             uint64 `json:"resyncs"`     // runs of bytes that belong to no frame
	HalfFrames          uint64 `json:"half_frames"` // dropped 1.5 s after they began
	Duplicates          uint64 `json:"duplicates"`  // frames that the stick sent again
	Retransmits         uint64 `json:"retransmits"`
	AckTimeouts         uint64 `json:"ack_timeouts"`
	ResponseTimeouts    uint64 `json:"response_timeouts"`
	CallbackTimeouts    uint64 `json:"callback_timeouts"`
	SupervisionTimeouts uint64 `json:"supervision_timeouts"`
	SoftResets          uint64 `json:"soft_resets"`
	Aborts              uint64 `json:"aborts"` // transmissions cut short for a siren or after 20 s
	Jammed              uint64 `json:"jammed"` // transmissions that the controller could not begin
	UnknownFunctions    uint64 `json:"unknown_functions"`
	Unexpected          uint64 `json:"unexpected"` // responses and callbacks that nothing waits for
	Malformed           uint64 `json:"malformed"`  // commands that do not parse
	Dropped             uint64 `json:"dropped"`    // commands below the class granted to the node
	QueueFull           uint64 `json:"queue_full"`
	Reports             uint64 `json:"reports"` // commands handed over as events
}

// Counters reads the counts.
func (c *Controller) Counters() Counters {
	n := &c.count
	return Counters{
		FramesIn: n.framesIn.Load(), FramesOut: n.framesOut.Load(),
		AcksIn: n.acksIn.Load(), NaksIn: n.naksIn.Load(), CansIn: n.cansIn.Load(), NaksOut: n.naksOut.Load(),
		BadChecksums: n.checksum.Load(), Resyncs: n.resync.Load(), HalfFrames: n.halfFrames.Load(),
		Duplicates: n.duplicates.Load(), Retransmits: n.retransmits.Load(), AckTimeouts: n.ackTimeouts.Load(),
		ResponseTimeouts: n.responseTimeouts.Load(), CallbackTimeouts: n.callbackTimeouts.Load(),
		SupervisionTimeouts: n.supervisionTimeouts.Load(), SoftResets: n.softResets.Load(), Aborts: n.aborts.Load(),
		Jammed: n.jammed.Load(), UnknownFunctions: n.unknownFunctions.Load(), Unexpected: n.unexpected.Load(),
		Malformed: n.malformed.Load(), Dropped: n.dropped.Load(), QueueFull: n.queueFull.Load(), Reports: n.reports.Load(),
	}
}
