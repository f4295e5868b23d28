// Package hls makes of a camera's live view what players fetch by HTTP Live Streaming
// (RFC 8216): a playlist, a beginning, and segments one after the other.
//
// What it promises:
//
//   - A segment begins with a picture that stands alone, and is whole groups: as many as
//     last segmentShort, or fewer of a camera that sends windowBytes sooner. It is
//     fragmented MP4 (§3.3), as the camera coded it.
//   - There are segments at once, of what the camera's ring holds.
//   - No more than windowMost segments and windowBytes are kept, and two of them always. What
//     a player does not fetch in time is gone (§6.2.2).
//   - A camera that was away, or sends another film, goes on behind a discontinuity with a
//     beginning of its own.
//
// Who may look, and that it is on record first, is for who calls it.
package hls

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/home"
)

// View is what a camera sees from now on, in whole groups.
type View interface {
	Next(ctx context.Context) (home.Moment, error)
}

const (
	// PlaylistName is what the playlist is called; what it names lies beside it.
	PlaylistName = "index.m3u8"

	segmentShort = 1500 * time.Millisecond
	windowMost   = 8
	windowBytes  = 16 << 20
)

// ErrOver: the view has ended.
var ErrOver = errors.New("hls: the view has ended")

// Stream is one view, as files.
type Stream struct {
	ready chan struct{} // closed when there is a segment, or the view is over

	mu       sync.Mutex
	over     bool
	begins   []begin
	segments []segment
	bytes    int
	dropped  int // segments that are kept no longer
	breaks   int // discontinuities before those that are
	target   int // seconds that no segment is longer than
	open     segment
	next     int // number of the next segment
}

// begin is a beginning, and the segment from which on it counts.
type begin struct {
	number int
	bytes  []byte
}

type segment struct {
	number int
	begin  int // the number of its beginning
	at     time.Time
	length time.Duration
	bytes  []byte
}

// New makes a stream that has nothing yet.
func New() *Stream { return &Stream{ready: make(chan struct{}), target: 1} }

// Run takes what comes until the view or ctx ends.
func (s *Stream) Run(ctx context.Context, v View) error {
	defer s.end()
	for {
		m, err := v.Next(ctx)
		if err != nil {
			return err
		}
		s.take(m)
	}
}

func (s *Stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.known()
}

// known lets those go on who wait for a segment; the lock is held.
func (s *Stream) known() {
	select {
	case <-s.ready:
	default:
		close(s.ready)
	}
}

func (s *Stream) take(m home.Moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Begin != nil {
		s.close()
		number := 0
		if n := len(s.begins); n > 0 {
			number = s.begins[n-1].number + 1
		}
		s.begins = append(s.begins, begin{number: number, bytes: m.Begin.Init})
		return
	}
	if len(s.begins) == 0 {
		return
	}
	if m.Missed { // it does not follow what is open
		s.close()
	}
	if len(s.open.bytes) == 0 {
		if !m.Part.Key {
			return
		}
		s.open = segment{begin: s.begins[len(s.begins)-1].number, at: m.Part.At}
	}
	s.open.bytes = append(s.open.bytes, m.Part.Bytes...)
	s.open.length += m.Part.Duration
	if s.open.length >= segmentShort || len(s.open.bytes) >= windowBytes {
		s.close()
	}
}

// close ends the segment that is open, and drops those that are too many; the lock is
// held.
func (s *Stream) close() {
	if len(s.open.bytes) == 0 {
		return
	}
	s.open.number = s.next
	s.next++
	s.segments = append(s.segments, s.open)
	s.bytes += len(s.open.bytes)
	s.target = max(s.target, int(math.Round(s.open.length.Seconds()))) // §4.3.3.1
	s.open = segment{}
	for len(s.segments) > 2 && (len(s.segments) > windowMost || s.bytes > windowBytes) {
		if s.segments[0].begin != s.segments[1].begin {
			s.breaks++
		}
		s.bytes -= len(s.segments[0].bytes)
		s.segments[0] = segment{}
		s.segments = s.segments[1:]
		s.dropped++
	}
	for len(s.begins) > 1 && s.begins[0].number < s.segments[0].begin {
		s.begins = s.begins[1:]
	}
	s.known()
}

// Playlist is what can be fetched now. It waits for the first segment. query stands
// behind each address, as it stood behind that of the playlist.
func (s *Stream) Playlist(ctx context.Context, query url.Values) ([]byte, error) {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, ErrOver
	}
	behind := ""
	if len(query) > 0 {
		behind = "?" + query.Encode()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n", s.target)
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n", s.dropped, s.breaks)
	before := -1
	for _, x := range s.segments {
		if x.begin != before {
			if before >= 0 {
				b.WriteString("#EXT-X-DISCONTINUITY\n")
			}
			fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"begin-%d.mp4%s\"\n", x.begin, behind)
			before = x.begin
		}
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%.3f,\n%d.m4s%s\n", x.at.UTC().Format("2006-01-02T15:04:05.000Z"), x.length.Seconds(), x.number, behind)
	}
	return []byte(b.String()), nil
}

// File is a beginning or a segment that the playlist names or named; false: it is kept
// no longer, or never was.
func (s *Stream) File(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, false
	}
	for _, x := range s.begins {
		if name == fmt.Sprintf("begin-%d.mp4", x.number) {
			return x.bytes, true
		}
	}
	for _, x := range s.segments {
		if name == fmt.Sprintf("%d.m4s", x.number) {
			return x.bytes, true
		}
	}
	return nil, false
}
