#include "textflag.h"

// Registers of tileAsm: V0 to V23 are the tile, four for each row; V24 to V27
// are sixteen weights; R8 to R13 are the six rows, and walk along.

// A maximum with V30 and a minimum with V31 of four numbers each, which the
// assembler has no names for: FMAX and FMIN, Arm ARM C7.2.
#define WITHIN(n) \
	WORD $(0x4E3EF400 + 33*n) \
	WORD $(0x4EBFF400 + 33*n)

#define ROW(reg, a, b, c, d) \
	VLD1R.P 4(reg), [V28.S4] \
	VFMLA   V24.S4, V28.S4, a \
	VFMLA   V25.S4, V28.S4, b \
	VFMLA   V26.S4, V28.S4, c \
	VFMLA   V27.S4, V28.S4, d

#define START(a, b, c, d) \
	VMOV V0.B16, a \
	VMOV V1.B16, b \
	VMOV V2.B16, c \
	VMOV V3.B16, d

#define POINT(offset, reg) \
	MOVD offset(R1), reg \
	ADD  reg<<2, R0, reg

// func tileAsm(c *float32, ldc int, arena *float32, rows *int, taps, channels int, b, bias *float32, lo, hi float32)
TEXT ·tileAsm(SB), NOSPLIT, $0-72
	MOVD bias+56(FP), R2
	VLD1 (R2), [V0.S4, V1.S4, V2.S4, V3.S4]
	START(V4.B16, V5.B16, V6.B16, V7.B16)
	START(V8.B16, V9.B16, V10.B16, V11.B16)
	START(V12.B16, V13.B16, V14.B16, V15.B16)
	START(V16.B16, V17.B16, V18.B16, V19.B16)
	START(V20.B16, V21.B16, V22.B16, V23.B16)
	MOVD arena+16(FP), R0
	MOVD rows+24(FP), R1
	MOVD taps+32(FP), R2
	MOVD channels+40(FP), R3
	MOVD b+48(FP), R4

tap:
	POINT(0, R8)
	POINT(8, R9)
	POINT(16, R10)
	POINT(24, R11)
	POINT(32, R12)
	POINT(40, R13)
	ADD  $48, R1
	MOVD R3, R5

channel:
	VLD1.P 64(R4), [V24.S4, V25.S4, V26.S4, V27.S4]
	ROW(R8, V0.S4, V1.S4, V2.S4, V3.S4)
	ROW(R9, V4.S4, V5.S4, V6.S4, V7.S4)
	ROW(R10, V8.S4, V9.S4, V10.S4, V11.S4)
	ROW(R11, V12.S4, V13.S4, V14.S4, V15.S4)
	ROW(R12, V16.S4, V17.S4, V18.S4, V19.S4)
	ROW(R13, V20.S4, V21.S4, V22.S4, V23.S4)
	SUBS   $1, R5
	BNE    channel
	SUBS   $1, R2
	BNE    tap

	FMOVS lo+64(FP), F30
	FMOVS hi+68(FP), F31
	VDUP  V30.S[0], V30.S4
	VDUP  V31.S[0], V31.S4
	WITHIN(0)
	WITHIN(1)
	WITHIN(2)
	WITHIN(3)
	WITHIN(4)
	WITHIN(5)
	WITHIN(6)
	WITHIN(7)
	WITHIN(8)
	WITHIN(9)
	WITHIN(10)
	WITHIN(11)
	WITHIN(12)
	WITHIN(13)
	WITHIN(14)
	WITHIN(15)
	WITHIN(16)
	WITHIN(17)
	WITHIN(18)
	WITHIN(19)
	WITHIN(20)
	WITHIN(21)
	WITHIN(22)
	WITHIN(23)
	MOVD  c+0(FP), R0
	MOVD  ldc+8(FP), R1
	LSL   $2, R1
	VST1  [V0.S4, V1.S4, V2.S4, V3.S4], (R0)
	ADD   R1, R0
	VST1  [V4.S4, V5.S4, V6.S4, V7.S4], (R0)
	ADD   R1, R0
	VST1  [V8.S4, V9.S4, V10.S4, V11.S4], (R0)
	ADD   R1, R0
	VST1  [V12.S4, V13.S4, V14.S4, V15.S4], (R0)
	ADD   R1, R0
	VST1  [V16.S4, V17.S4, V18.S4, V19.S4], (R0)
	ADD   R1, R0
	VST1  [V20.S4, V21.S4, V22.S4, V23.S4], (R0)
	RET

#define TAP(reg) \
	VLD1.P 32(reg), [V2.S4, V3.S4] \
	VLD1.P 32(R2), [V4.S4, V5.S4] \
	VFMLA  V2.S4, V4.S4, V0.S4 \
	VFMLA  V3.S4, V5.S4, V1.S4

// func depthAsm(out *float32, channels int, arena *float32, taps *int, w *float32, lo, hi float32)
TEXT ·depthAsm(SB), NOSPLIT, $0-48
	MOVD  arena+16(FP), R0
	MOVD  taps+24(FP), R1
	POINT(0, R3)
	POINT(8, R4)
	POINT(16, R5)
	POINT(24, R6)
	POINT(32, R7)
	POINT(40, R8)
	POINT(48, R9)
	POINT(56, R10)
	POINT(64, R11)
	FMOVS lo+40(FP), F30
	FMOVS hi+44(FP), F31
	VDUP  V30.S[0], V30.S4
	VDUP  V31.S[0], V31.S4
	MOVD  out+0(FP), R0
	MOVD  channels+8(FP), R1
	MOVD  w+32(FP), R2

block:
	VLD1.P 32(R2), [V0.S4, V1.S4]
	TAP(R3)
	TAP(R4)
	TAP(R5)
	TAP(R6)
	TAP(R7)
	TAP(R8)
	TAP(R9)
	TAP(R10)
	TAP(R11)
	WITHIN(0)
	WITHIN(1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R1
	BNE    block
	RET

// func widenAsm(dst *float32, src *uint16, n int)
TEXT ·widenAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2

eight:
	VLD1.P 16(R1), [V0.H8]
	WORD   $0x0E217801 // FCVTL V1.4S, V0.4H
	WORD   $0x4E217802 // FCVTL2 V2.4S, V0.8H
	VST1.P [V1.S4, V2.S4], 32(R0)
	SUBS   $8, R2
	BNE    eight
	RET
