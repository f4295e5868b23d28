package hls

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func beginning(name string) home.Moment {
	return home.Moment{Begin: &home.Footage{Init: []byte(name)}}
}

func group(at int, length time.Duration, bytes string) home.Moment {
	return home.Moment{Part: home.FootagePart{At: noon.Add(time.Duration(at) * time.Second), Duration: length, Key: true, Bytes: []byte(bytes)}}
}

func (s *Stream) text(t *testing.T, query string) string {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Playlist(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPlaylist(t *testing.T) {
	s := New()
	s.take(beginning("first"))
	s.take(group(0, 2*time.Second, "aa"))
	s.take(group(2, 4*time.Second, "bb"))
	s.take(group(6, 800*time.Millisecond, "c"))
	s.take(group(7, 800*time.Millisecond, "d")) // with the one before a segment
	s.take(group(8, 800*time.Millisecond, "e")) // not whole yet
	const want = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="begin-0.mp4?token=a%26b"
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T12:00:00.000Z
#EXTINF:2.000,
0.m4s?token=a%26b
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T12:00:02.000Z
#EXTINF:4.000,
1.m4s?token=a%26b
#EXT-X-PROGRAM-DATE-TIME:2026-11-26T12:00:06.000Z
#EXTINF:1.600,
2.m4s?token=a%26b
`
	if got := s.text(t, "token=a%26b"); got != want {
		t.Errorf("got\n%s", got)
	}
	for name, want := range map[string]string{"begin-0.mp4": "first", "0.m4s": "aa", "2.m4s": "cd", "3.m4s": "", "begin-1.mp4": "", PlaylistName: ""} {
		if b, ok := s.File(name); string(b) != want || ok != (want != "") {
			t.Errorf("%s is %q, %v", name, b, ok)
		}
	}
}

// A group before which pictures are missing is in no segment with those before them.
func TestMissed(t *testing.T) {
	s := New()
	s.take(beginning("first"))
	s.take(group(0, 800*time.Millisecond, "a"))
	missed := group(30, 2*time.Second, "bb")
	missed.Missed = true
	s.take(missed)
	for name, want := range map[string]string{"0.m4s": "a", "1.m4s": "bb"} {
		if b, _ := s.File(name); string(b) != want {
			t.Errorf("%s is %q", name, b)
		}
	}
}

// A camera that was away goes on behind a discontinuity; what nobody fetched is gone.
func TestWindow(t *testing.T) {
	s := New()
	s.take(beginning("first"))
	s.take(group(0, 2*time.Second, "aa"))
	s.take(beginning("second"))
	for i := range windowMost - 1 {
		s.take(group(10+2*i, 2*time.Second, "bb"))
	}
	got := s.text(t, "")
	if !strings.Contains(got, "0.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"begin-1.mp4\"\n") || strings.Count(got, "EXTINF") != windowMost {
		t.Errorf("got\n%s", got)
	}
	s.take(group(30, 2*time.Second, "cc"))
	got = s.text(t, "")
	if !strings.Contains(got, "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n") || strings.Contains(got, "#EXT-X-DISCONTINUITY\n") || strings.Count(got, "EXTINF") != windowMost {
		t.Errorf("got\n%s", got)
	}
	for _, name := range []string{"begin-0.mp4", "0.m4s"} {
		if _, ok := s.File(name); ok {
			t.Errorf("%s is still there", name)
		}
	}
	// Large groups are fewer.
	for i := range 5 {
		s.take(group(40+2*i, 2*time.Second, strings.Repeat("x", windowBytes/2)))
	}
	if got = s.text(t, ""); strings.Count(got, "EXTINF") != 2 || s.bytes > windowBytes {
		t.Errorf("%d bytes in\n%s", s.bytes, got)
	}
}

// TestPicturesThatTakeNoTime: a camera whose clock stands still fills a window and not
// the hub.
func TestPicturesThatTakeNoTime(t *testing.T) {
	s := New()
	s.take(beginning("first"))
	s.take(group(0, time.Millisecond, "a"))
	for range 12 {
		m := group(0, 0, strings.Repeat("x", windowBytes/4))
		m.Part.Key = false
		s.take(m)
	}
	if held := s.bytes + len(s.open.bytes); held > 2*windowBytes || len(s.segments) != 1 {
		t.Errorf("%d bytes are held in %d segments", held, len(s.segments))
	}
}

// views are moments that come when the test says so.
type views struct{ moments chan home.Moment }

func (v views) Next(ctx context.Context) (home.Moment, error) {
	select {
	case m, ok := <-v.moments:
		if !ok {
			return m, errors.New("the camera rests")
		}
		return m, nil
	case <-ctx.Done():
		return home.Moment{}, ctx.Err()
	}
}

// A playlist waits for the first segment, and no longer than its player does; once the
// view is over there is nothing.
func TestPlaylistWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := New(), views{make(chan home.Moment)}
		ended := make(chan error, 1)
		go func() { ended <- s.Run(t.Context(), v) }()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Playlist(short, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		got := make(chan string)
		go func() {
			b, err := s.Playlist(t.Context(), nil)
			got <- fmt.Sprint(len(b) > 0, err)
		}()
		v.moments <- beginning("first")
		v.moments <- group(0, 2*time.Second, "aa")
		if g := <-got; g != "true <nil>" {
			t.Errorf("got %s", g)
		}
		close(v.moments)
		if err := <-ended; err == nil || err.Error() != "the camera rests" {
			t.Errorf("it ended as %v", err)
		}
		if _, err := s.Playlist(t.Context(), nil); !errors.Is(err, ErrOver) {
			t.Errorf("got %v", err)
		}
		if _, ok := s.File("0.m4s"); ok {
			t.Error("there are files of a view that is over")
		}
	})
}
