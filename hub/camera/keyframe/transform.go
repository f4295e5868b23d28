package keyframe

// add4 adds the residual of a 4×4 block (§8.5.12.2), and clears its coefficients.
func add4(pix []byte, at, stride int, c *[16]int32) {
	for i := 0; i < 16; i += 4 {
		e, f := c[i]+c[i+2], c[i]-c[i+2]
		g, h := c[i+1]>>1-c[i+3], c[i+1]+c[i+3]>>1
		c[i], c[i+1], c[i+2], c[i+3] = e+h, f+g, f-g, e-h
	}
	for i := range 4 {
		e, f := c[i]+c[8+i]+32, c[i]-c[8+i]+32
		g, h := c[4+i]>>1-c[12+i], c[4+i]+c[12+i]>>1
		c[i], c[4+i], c[8+i], c[12+i] = e+h, f+g, f-g, e-h
	}
	for i := 0; i < 16; i += 4 {
		line := pix[at : at+4 : at+4]
		line[0] = clip(int32(line[0]) + c[i]>>6)
		line[1] = clip(int32(line[1]) + c[i+1]>>6)
		line[2] = clip(int32(line[2]) + c[i+2]>>6)
		line[3] = clip(int32(line[3]) + c[i+3]>>6)
		at += stride
	}
	*c = [16]int32{}
}

// addDC adds the residual of a block that has only its first coefficient: what add4
// and add8 come to then.
func addDC(pix []byte, at, stride, n int, dc int32) {
	dc = (dc + 32) >> 6
	for range n {
		line := pix[at : at+n]
		for i, v := range line {
			line[i] = clip(int32(v) + dc)
		}
		at += stride
	}
}

// add8 adds the residual of an 8×8 block (§8.5.13), and clears its coefficients.
func add8(pix []byte, at, stride int, c *[64]int32) {
	for i := 0; i < 64; i += 8 {
		turn8((*[8]int32)(c[i:]))
	}
	for i := range 8 {
		col := [8]int32{c[i] + 32, c[8+i], c[16+i], c[24+i], c[32+i], c[40+i], c[48+i], c[56+i]}
		turn8(&col)
		for k, v := range col {
			c[8*k+i] = v
		}
	}
	for i := 0; i < 64; i += 8 {
		line := pix[at : at+8 : at+8]
		row := c[i : i+8 : i+8]
		for k, v := range line {
			line[k] = clip(int32(v) + row[k]>>6)
		}
		at += stride
	}
	*c = [64]int32{}
}

// turn8 transforms one line of eight.
func turn8(c *[8]int32) {
	e0, e2 := c[0]+c[4], c[0]-c[4]
	e4, e6 := c[2]>>1-c[6], c[2]+c[6]>>1
	e1 := c[5] - c[3] - c[7] - c[7]>>1
	e3 := c[1] + c[7] - c[3] - c[3]>>1
	e5 := c[7] - c[1] + c[5] + c[5]>>1
	e7 := c[3] + c[5] + c[1] + c[1]>>1
	f0, f6 := e0+e6, e0-e6
	f2, f4 := e2+e4, e2-e4
	f1, f7 := e1+e7>>2, e7-e1>>2
	f3, f5 := e3+e5>>2, e3>>2-e5
	c[0], c[7] = f0+f7, f0-f7
	c[1], c[6] = f2+f5, f2-f5
	c[2], c[5] = f4+f3, f4-f3
	c[3], c[4] = f6+f1, f6-f1
}

// spreadDC transforms the DC levels of a macroblock's brightness, line by line, and
// scales them (§8.5.10).
func spreadDC(c *[16]int32, scale int32) {
	for i := 0; i < 16; i += 4 {
		turnDC(&c[i], &c[i+1], &c[i+2], &c[i+3])
	}
	for i := range 4 {
		turnDC(&c[i], &c[4+i], &c[8+i], &c[12+i])
	}
	for i := range c {
		c[i] = (c[i]*scale + 32) >> 6
	}
}

func turnDC(a, b, c, d *int32) {
	e, f, g, h := *a+*b, *a-*b, *c+*d, *c-*d
	*a, *b, *c, *d = e+g, e-g, f-h, f+h
}

// spreadChromaDC does it with those of a chroma plane (§8.5.11).
func spreadChromaDC(c *[4]int32, scale int32) {
	e, f, g, h := c[0]+c[1], c[0]-c[1], c[2]+c[3], c[2]-c[3]
	c[0], c[1], c[2], c[3] = (e+g)*scale>>5, (f+h)*scale>>5, (e-g)*scale>>5, (f-h)*scale>>5
}
