package reach

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Why a camera can't be come to, each with what an owner can do.
var (
	errSilent = errors.New("it does not answer: look whether it is on, and whether its address is still the same")
	errNoWay  = errors.New("no way leads to it: look whether it is on and in this network, and whether its address is still the same")
	errHungUp = errors.New("it hung up")
	errWall   = errors.New("a firewall on the hub's own box does not let it through")
	errNoTLS  = errors.New("it does not speak in TLS there: look at the port, or at how the address begins")
	errOldTLS = errors.New("it speaks TLS in no way that is safe today (1.2 at least): update its firmware")
)

// Words says why a camera could not be come to as its owner would, and leaves an error
// alone that says something else.
func Words(err error) error {
	var (
		late  net.Error
		name  *net.DNSError
		plain tls.RecordHeaderError
		op    *net.OpError
	)
	switch {
	case errors.Is(err, ErrStranger):
		return ErrStranger
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("nobody in this network knows the name %s: give its address in numbers", name.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers%s: look whether this is switched on in the camera, and whether the port is right", portOf(err))
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTDOWN):
		return errNoWay
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES):
		return errWall
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout():
		return errSilent
	case errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch):
		return errNoTLS
	case errors.As(err, &op) && op.Op == "remote error": // as crypto/tls hands on an alert
		return errOldTLS
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return errHungUp
	}
	return err
}

// portOf names the port at which somebody was not there.
func portOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		if at, ok := op.Addr.(*net.TCPAddr); ok {
			return fmt.Sprintf(" at its port %d", at.Port)
		}
	}
	return ""
}
