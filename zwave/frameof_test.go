package zwave_test

import (
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

func frameOf(f serialapi.Function, payload []byte) []byte {
	return frame.Data{Type: frame.Request, Function: byte(f), Payload: payload}.Append(nil)
}
