package camera

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"gatehouse/hub/camera/reach"
)

// answers are what a camera refuses with (RFC 2326 §7.1.1), as its owner would say it.
var answers = map[base.StatusCode]string{
	base.StatusUnauthorized:         "it refuses the name or the password: give them anew",
	base.StatusForbidden:            "it does not let this user see its stream: let it, in the camera",
	base.StatusNotFound:             "it has no such stream: look up what its maker writes behind the address",
	base.StatusUnsupportedTransport: "it does not send over TCP: switch that on in the camera",
	base.StatusNotEnoughBandwidth:   noRoom,
	base.StatusServiceUnavailable:   noRoom,
}

const noRoom = "it has no room for another who looks: have fewer look at it, or start it again"

// inWords is why a camera was lost, for people and without what nobody may read.
func inWords(err error, password string) string {
	var answer liberrors.ErrClientBadStatusCode
	if errors.As(err, &answer) && answers[answer.Code] != "" {
		return answers[answer.Code]
	}
	var fell liberrors.ErrClientTCPTimeout
	var waited liberrors.ErrClientRequestTimedOut
	if errors.As(err, &fell) || errors.As(err, &waited) {
		return "it fell silent: look at its power and its network"
	}
	err = reach.Words(err)
	var bad *url.Error
	if errors.As(err, &bad) {
		err = bad.Err
	}
	return strings.TrimPrefix(redact(err.Error(), password), "camera: ")
}

// redact takes a password out of what a library says.
func redact(text, password string) string {
	if password == "" {
		return text
	}
	return strings.NewReplacer(url.QueryEscape(password), "…", url.PathEscape(password), "…", password, "…").Replace(text)
}

// mute tells whether whoever is there says nothing, or hangs up.
func mute(err error) bool {
	var late net.Error
	var waited liberrors.ErrClientRequestTimedOut
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.As(err, &waited) || errors.As(err, &late) && late.Timeout()
}
