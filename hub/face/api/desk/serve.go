package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/hub/people/auth"
)

const (
	maxAsked = 16 << 10         // bytes of one request
	patience = 10 * time.Second // for one request and its answer
)

// Socket is the desk's socket.
type Socket struct {
	path string
	l    *net.UnixListener
}

// Listen makes the socket at path; only root and its owner can open it. An old
// one is replaced: the caller holds the database's lock, so nobody else can be
// behind it.
func Listen(path string) (*Socket, error) {
	l, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	return &Socket{path, l}, nil
}

// Serve answers until ctx ends, then removes the socket.
func (s *Socket) Serve(ctx context.Context, p Porter, r Radios, log *slog.Logger) error {
	l := s.l
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	defer func() {
		_ = l.Close()
		_ = os.Remove(s.path) // it may be gone
	}()
	var busy sync.WaitGroup
	defer busy.Wait()
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("desk: %w", err)
		}
		busy.Go(func() {
			defer func() { _ = c.Close() }()
			hang := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now().Add(time.Second)) })
			defer hang()
			if err := serveOne(ctx, c, p, r); err != nil && !errors.Is(err, io.EOF) { // EOF: somebody looked whether the hub runs
				log.Warn("request at the box's own socket failed", "err", err)
			}
		})
	}
}

// serveOne answers the one request of a connection.
func serveOne(ctx context.Context, c *net.UnixConn, p Porter, r Radios) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	by, err := peer(c)
	if err != nil {
		return err
	}
	var a asked
	if err := json.NewDecoder(io.LimitReader(c, maxAsked)).Decode(&a); err != nil {
		return fmt.Errorf("desk: not a request: %w", err)
	}
	switch a.Do {
	case doListen:
		return listenTo(ctx, c, r, a.Name)
	case doDump, doSignature:
		return json.NewEncoder(c).Encode(show(r, a))
	}
	return json.NewEncoder(c).Encode(answer(ctx, Over(p, by), a))
}

func answer(ctx context.Context, d Desk, a asked) answered {
	var (
		out    answered
		secret auth.Secret
		invite auth.Invite
		err    error
	)
	switch a.Do {
	case doTokens:
		out.Tokens, err = d.Tokens(ctx)
	case doCreateToken:
		out.Token, secret, err = d.CreateToken(ctx, a.Name, a.Role, a.Ends)
		out.Secret = string(secret)
	case doRevokeToken:
		err = d.RevokeToken(ctx, a.ID)
	case doUsers:
		out.Users, err = d.Users(ctx)
	case doAddUser:
		out.User, invite, err = d.AddUser(ctx, a.Name, a.Role, a.Ends)
		out.Secret, out.Ends = string(invite.Code), &invite.Ends
	case doRemoveUser:
		err = d.RemoveUser(ctx, a.ID)
	case doResetUser:
		invite, err = d.ResetUser(ctx, a.ID)
		out.Secret, out.Ends = string(invite.Code), &invite.Ends
	default:
		err = fmt.Errorf("the running hub does not know %q: is it of another version than this command?", a.Do)
	}
	if err != nil {
		return answered{Fault: faultOf(err)}
	}
	return out
}

// peer is who is at the other end, as the kernel says, for the journal. Only
// root and the hub's own user may ask.
func peer(c *net.UnixConn) (string, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return "", fmt.Errorf("desk: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return "", fmt.Errorf("desk: %w", err)
	}
	if credErr != nil {
		return "", fmt.Errorf("desk: who asks: %w", credErr)
	}
	if cred.Uid != 0 && int(cred.Uid) != os.Geteuid() {
		return "", fmt.Errorf("desk: user %d may not ask", cred.Uid)
	}
	name := strconv.Itoa(int(cred.Uid))
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return name + " at the box", nil
}

// listen makes a socket that only its owner can open, from its first moment:
// it is made under another name and moved into place once its mode is set.
func listen(path string) (*net.UnixListener, error) {
	dir, done, err := short(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer done()
	making := filepath.Base(path) + ".new"
	_ = os.Remove(filepath.Join(dir, making)) // of a start that was cut off
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, making), Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(
		os.Chmod(filepath.Join(dir, making), 0o600),
		os.Rename(filepath.Join(dir, making), filepath.Join(dir, filepath.Base(path))),
	); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// short is another name for a folder that is short enough for a socket's
// address (108 bytes with the socket's own name, unix(7)). Call done after use.
func short(dir string) (name string, done func(), err error) {
	if len(dir) < 80 {
		return dir, func() {}, nil
	}
	fd, err := syscall.Open(dir, syscall.O_DIRECTORY|syscall.O_CLOEXEC|unix.O_PATH, 0)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", dir, err)
	}
	return "/proc/self/fd/" + strconv.Itoa(fd), func() { _ = syscall.Close(fd) }, nil
}
