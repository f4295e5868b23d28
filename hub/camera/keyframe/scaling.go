package keyframe

import "errors"

// lists are the scaling lists that intra macroblocks use, in the order in which they
// are sent. nil: none was, and what stands in for it is a matter of fall-back rules.
type lists struct {
	four  [3][]byte // of Y, Cb, Cr
	eight []byte    // of Y
}

// Default_4x4_Intra and Default_8x8_Intra (tables 7-3, 7-4), and Flat_4x4_16.
var (
	defaultFour  = []byte{6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42}
	defaultEight = []byte{
		6, 10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23, 23, 23, 23, 23, 23, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27,
		27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31, 31, 31, 31, 31, 31, 33, 33, 33, 33, 33, 36, 36, 36, 36, 38, 38, 38, 40, 40, 42,
	}
	flat = []byte{
		16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
		16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
	}
)

// parse reads n lists: three of intra macroblocks, three of others, and with 8×8
// transforms one of each.
func (l *lists) parse(r *reader, n int) error {
	for i := range n {
		if !r.flag() {
			continue
		}
		size, standard := 16, defaultFour
		if i >= 6 {
			size, standard = 64, defaultEight
		}
		list, err := parseList(r, size)
		if err != nil {
			return err
		}
		if list == nil {
			list = standard
		}
		switch {
		case i < 3:
			l.four[i] = list
		case i == 6:
			l.eight = list
		}
	}
	return nil
}

// parseList reads one list (§7.3.2.1.1.1); nil: the default is to be used.
func parseList(r *reader, size int) ([]byte, error) {
	list := make([]byte, size)
	last, next := int32(8), int32(8)
	for i := range list {
		if next != 0 {
			delta := r.se()
			if delta < -128 || delta > 127 {
				return nil, errors.New("a scaling list that leaps")
			}
			next = (last + delta + 256) & 255
			if i == 0 && next == 0 {
				return nil, nil
			}
		}
		if next != 0 {
			last = next
		}
		list[i] = byte(last)
	}
	return list, nil
}

// or puts in what was not sent: the first list of a size is that of the fall-back,
// any other is the one before it (table 7-2).
func (l lists) or(back lists) lists {
	if l.four[0] == nil {
		l.four[0] = back.four[0]
	}
	for i := 1; i < 3; i++ {
		if l.four[i] == nil {
			l.four[i] = l.four[i-1]
		}
	}
	if l.eight == nil {
		l.eight = back.eight
	}
	return l
}

// inForce are the lists of a picture (§7.4.2.1.1, §7.4.2.2).
func inForce(s *sequence, p *pictureSet) lists {
	standard := lists{[3][]byte{defaultFour}, defaultEight}
	out := lists{[3][]byte{flat, flat, flat}, flat}
	back := standard
	if s.matrix {
		out = s.lists.or(standard)
		back = out
	}
	if p.matrix {
		out = p.lists.or(back)
	}
	return out
}

// scales multiply levels: for each quantiser, in the order in which levels are sent.
// They are LevelScale4x4 and LevelScale8x8 (§8.5.9), shifted by qP/6.
type scales struct {
	four  [3][52][16]int32
	eight [52][64]int32
}

// normAdjust4x4 and normAdjust8x8 (§8.5.9).
var (
	norm4 = [6][3]int32{{10, 16, 13}, {11, 18, 14}, {13, 20, 16}, {14, 23, 18}, {16, 25, 20}, {18, 29, 23}}
	norm8 = [6][6]int32{
		{20, 18, 32, 19, 25, 24},
		{22, 19, 35, 21, 28, 26},
		{26, 23, 42, 24, 33, 31},
		{28, 25, 45, 26, 35, 33},
		{32, 28, 51, 30, 40, 38},
		{36, 32, 58, 34, 46, 43},
	}
)

func (s *scales) set(l lists) {
	for qp := range 52 {
		for k, at := range zigzag4 {
			var kind int
			switch i, j := at/4%2, at%2; {
			case i == 1 && j == 1:
				kind = 1
			case i != j:
				kind = 2
			}
			for c := range s.four {
				s.four[c][qp][k] = int32(l.four[c][k]) * norm4[qp%6][kind] << (qp / 6)
			}
		}
		for k, at := range zigzag8 {
			var kind int
			switch i, j := int(at)/8%4, int(at)%4; {
			case i == 0 && j == 0:
				kind = 0
			case i%2 == 1 && j%2 == 1:
				kind = 1
			case i == 2 && j == 2:
				kind = 2
			case i == 0 && j%2 == 1 || i%2 == 1 && j == 0:
				kind = 3
			case i == 0 && j == 2 || i == 2 && j == 0:
				kind = 4
			default:
				kind = 5
			}
			s.eight[qp][k] = int32(l.eight[k]) * norm8[qp%6][kind] << (qp / 6)
		}
	}
}

// The zig-zag scans (§8.5.6, §8.5.7): where in a block, line by line, the levels
// stand that are sent one after another.
var (
	zigzag4 = [16]uint8{0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15}
	zigzag8 = [64]uint8{
		0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
		35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	}
)
