package detect

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/hub/camera/detect/tflite"
	"gatehouse/hub/home"
)

// Model is the network with the names of what it knows. It belongs to one
// goroutine.
type Model struct {
	net     *tflite.Net
	labels  []string
	anchors []anchor
	canvas  canvas
}

// ModelSum is the SHA-256 of the network that was reviewed; see fetch.
const ModelSum = "d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6"

// Open reads the network out of a folder that fetch has filled. Another one
// than that which was reviewed is refused: one that a failing disk damaged would
// be blind, and nobody would know. Errors: fs.ErrNotExist.
func Open(folder string) (*Model, error) {
	labels, err := os.ReadFile(filepath.Join(folder, "labels.txt"))
	if err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	net, err := tflite.LoadFile(filepath.Join(folder, "model.tflite"), ModelSum)
	if err != nil {
		return nil, fmt.Errorf("detect: %w", err)
	}
	return newModel(net, string(labels))
}

// newModel gives the network's labels their names, one a line; the first line
// stands for nothing.
func newModel(net *tflite.Net, labels string) (*Model, error) {
	m := &Model{net: net, anchors: anchors(), canvas: newCanvas()}
	for line := range strings.Lines(strings.TrimRight(labels, "\n")) {
		m.labels = append(m.labels, strings.ToLower(strings.TrimSpace(line)))
	}
	in, out := fmt.Sprint(net.InputShapes()), fmt.Sprint(net.OutputShapes())
	wantIn := fmt.Sprintf("[[1 %d %d 3]]", side, side)
	wantOut := fmt.Sprintf("[[1 %d 4] [1 %d %d]]", anchorSum, anchorSum, len(m.labels))
	if in != wantIn || out != wantOut {
		return nil, fmt.Errorf("detect: a model from %s to %s: wanted is one from %s to %s", in, out, wantIn, wantOut)
	}
	return m, nil
}

// Close implements Eyes. The model may not be used afterwards.
func (m *Model) Close() { m.net.Close() }

// least is the score below which nothing is remembered.
const least = 0.3

// Look implements Eyes: it runs the network over parts of a picture.
func (m *Model) Look(img image.Image, parts []Box) []home.Sight {
	all, jfif := planes(img)
	var seen []found
	for _, part := range parts {
		m.canvas.paint(m.net.Input(0), all, jfif, part)
		m.net.Run()
		for _, f := range decode(m.anchors, m.net.Output(0), m.net.Output(1), len(m.labels), least) {
			if b, whole := part.place(f.Box); whole {
				seen = append(seen, found{b, f.label, f.score})
			}
		}
	}
	var out []home.Sight
	for _, f := range distinct(seen) {
		out = append(out, home.Sight{
			Label: m.labels[f.label], Score: f.score, Left: f.left, Top: f.top, Right: f.right, Base: f.base,
		})
	}
	return out
}

// edge is how close to the edge of a part a box may end and count as whole.
const edge = 0.02

// place takes a box in a part of the picture to its place in the picture. whole
// is false when the part's edge, not the picture's, cuts it off.
func (p Box) place(b Box) (placed Box, whole bool) {
	whole = !(b.left < edge && p.left > 0 || b.top < edge && p.top > 0 ||
		b.right > 1-edge && p.right < 1 || b.base > 1-edge && p.base < 1)
	w, h := p.right-p.left, p.base-p.top
	return Box{p.left + b.left*w, p.top + b.top*h, p.left + b.right*w, p.top + b.base*h}, whole
}
