#include "textflag.h"

// Registers of tileAsm: Y0 to Y11 are the tile, two for each row; Y12 and Y13
// are sixteen weights; R8 to R13 are the six rows; AX counts channels.

#define ROW(reg, lo, hi) \
	VBROADCASTSS (reg)(AX*4), Y14 \
	VFMADD231PS  Y12, Y14, lo \
	VFMADD231PS  Y13, Y14, hi

#define KEEP(lo, hi) \
	VMAXPS  Y12, lo, lo \
	VMAXPS  Y12, hi, hi \
	VMINPS  Y13, lo, lo \
	VMINPS  Y13, hi, hi \
	VMOVUPS lo, (DI) \
	VMOVUPS hi, 32(DI) \
	ADDQ    DX, DI

#define POINT(offset, reg) \
	MOVQ offset(SI), reg \
	LEAQ (DI)(reg*4), reg

// func tileAsm(c *float32, ldc int, arena *float32, rows *int, taps, channels int, b, bias *float32, lo, hi float32)
TEXT ·tileAsm(SB), NOSPLIT, $0-72
	MOVQ    bias+56(FP), AX
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	VMOVAPS Y0, Y8
	VMOVAPS Y1, Y9
	VMOVAPS Y0, Y10
	VMOVAPS Y1, Y11
	MOVQ    arena+16(FP), DI
	MOVQ    rows+24(FP), SI
	MOVQ    taps+32(FP), CX
	MOVQ    channels+40(FP), DX
	MOVQ    b+48(FP), BX

tap:
	POINT(0, R8)
	POINT(8, R9)
	POINT(16, R10)
	POINT(24, R11)
	POINT(32, R12)
	POINT(40, R13)
	ADDQ $48, SI
	XORQ AX, AX

channel:
	VMOVUPS (BX), Y12
	VMOVUPS 32(BX), Y13
	ROW(R8, Y0, Y1)
	ROW(R9, Y2, Y3)
	ROW(R10, Y4, Y5)
	ROW(R11, Y6, Y7)
	ROW(R12, Y8, Y9)
	ROW(R13, Y10, Y11)
	ADDQ    $64, BX
	INCQ    AX
	CMPQ    AX, DX
	JLT     channel
	DECQ    CX
	JNZ     tap

	VBROADCASTSS lo+64(FP), Y12
	VBROADCASTSS hi+68(FP), Y13
	MOVQ         c+0(FP), DI
	MOVQ         ldc+8(FP), DX
	SHLQ         $2, DX
	KEEP(Y0, Y1)
	KEEP(Y2, Y3)
	KEEP(Y4, Y5)
	KEEP(Y6, Y7)
	KEEP(Y8, Y9)
	KEEP(Y10, Y11)
	VZEROUPPER
	RET

// Each tap of depthAsm has its pointer; DX walks the weights, AX the channels.

#define TAP(reg, offset) \
	VMOVUPS     (reg)(AX*4), Y1 \
	VFMADD231PS offset(DX), Y1, Y0

// func depthAsm(out *float32, channels int, arena *float32, taps *int, w *float32, lo, hi float32)
TEXT ·depthAsm(SB), NOSPLIT, $0-48
	MOVQ arena+16(FP), DI
	MOVQ taps+24(FP), SI
	POINT(0, R8)
	POINT(8, R9)
	POINT(16, R10)
	POINT(24, R11)
	POINT(32, R12)
	POINT(40, R13)
	POINT(48, R15)
	POINT(56, BX)
	POINT(64, CX)
	VBROADCASTSS lo+40(FP), Y2
	VBROADCASTSS hi+44(FP), Y3
	MOVQ         out+0(FP), DI
	MOVQ         channels+8(FP), SI
	MOVQ         w+32(FP), DX
	XORQ         AX, AX

block:
	VMOVUPS (DX), Y0
	TAP(R8, 32)
	TAP(R9, 64)
	TAP(R10, 96)
	TAP(R11, 128)
	TAP(R12, 160)
	TAP(R13, 192)
	TAP(R15, 224)
	TAP(BX, 256)
	TAP(CX, 288)
	VMAXPS  Y2, Y0, Y0
	VMINPS  Y3, Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $320, DX
	ADDQ    $8, AX
	CMPQ    AX, SI
	JLT     block
	VZEROUPPER
	RET

// func widenAsm(dst *float32, src *uint16, n int)
TEXT ·widenAsm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

eight:
	VCVTPH2PS (SI), Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JGT       eight
	VZEROUPPER
	RET
