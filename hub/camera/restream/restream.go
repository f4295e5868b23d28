// Package restream gives the cameras of the house to any television or player that
// speaks RTSP, each at the same kind of address whatever its maker:
//
//	rtsp://any-name:token@hub:8554/camera-porch
//	rtsp://hub:8554/camera-porch?token=token
//
// What it promises:
//
//   - Nobody gets anything, not even what a camera is called, without a token. Who shows
//     none keeps nobody out who does, by however many connections; nor does one token.
//   - A view is on record before its first packet, and so is its end.
//   - A player that does not follow is dropped. It holds neither the camera nor
//     anybody else.
//   - It speaks over the connection that the player made, and sends nothing anywhere
//     else: there is no UDP here.
//   - A player begins with the newest picture that stands alone. Most of them play on
//     from there at their own pace, so they stay behind by as much as that was old.
package restream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	rtspauth "github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
	"gatehouse/hub/network/strangers"
	"gatehouse/hub/people/auth"
)

// House is what a player comes to.
type House interface {
	// Enter tells who holds a token; sealed: nobody on the way could read it.
	Enter(token auth.Secret, sealed bool) (auth.Caller, error)
	// Film is what a camera's stream is made of. Errors: *home.NotFound, *home.Conflict.
	Film(home.DeviceID) (camera.Film, error)
	// Look puts a view on record and begins it; end puts its end there.
	Look(ctx context.Context, who auth.Caller, from netip.Addr, agent string, id home.DeviceID) (feed *camera.Feed, end func(), err error)
	// Crowded hears each time that somebody wanted to look once more than one may.
	Crowded(who auth.Caller, most int)
}

// Options are what a server needs.
type Options struct {
	Listener net.Listener // closed when Run returns
	TLS      *tls.Config  // nil: in the clear
	House    House
	Log      *slog.Logger
}

// Bounds of a server.
const (
	patience  = 10 * time.Second // for a packet to be taken
	most      = 32               // who have shown a token
	mostEach  = most / 4         // the same one: a token that was stolen shuts no television out
	queue     = 8192             // packets for one player: a group of 10 MB that is there at once
	agentMost = 200
)

// Run serves until ctx ends.
func Run(ctx context.Context, o Options) error {
	s := &server{o: o, ctx: ctx, viewers: map[*gortsplib.ServerConn]*viewer{}, each: map[string]int{}}
	rtsp := &gortsplib.Server{
		Handler: s, RTSPAddress: o.Listener.Addr().String(), TLSConfig: o.TLS, AuthMethods: []rtspauth.VerifyMethod{rtspauth.VerifyMethodBasic},
		ReadTimeout: patience, WriteTimeout: patience, WriteQueueSize: queue,
		Listen: func(string, string) (net.Listener, error) { return o.Listener, nil },
	}
	s.rtsp = rtsp
	if err := rtsp.Start(); err != nil {
		_ = o.Listener.Close() // the other fault is told
		return fmt.Errorf("restream: %w", err)
	}
	stop := context.AfterFunc(ctx, rtsp.Close)
	defer stop()
	err := rtsp.Wait()
	s.all.Wait()
	if ctx.Err() != nil {
		return nil // it was meant to end
	}
	return fmt.Errorf("restream: %w", err)
}

// server knows who is connected.
type server struct {
	o    Options
	ctx  context.Context //nolint:containedctx // the library's callbacks have none
	rtsp *gortsplib.Server
	all  sync.WaitGroup

	mu        sync.Mutex
	viewers   map[*gortsplib.ServerConn]*viewer
	strangers strangers.Crowd[*viewer] // of these, who have shown no token yet
	each      map[string]int           // and how many have shown the same one
}

// OnConnOpen implements gortsplib.ServerHandlerOnConnOpen.
func (s *server) OnConnOpen(x *gortsplib.ServerHandlerOnConnOpenCtx) {
	s.meet(x.Conn)
}

// OnConnClose implements gortsplib.ServerHandlerOnConnClose.
func (s *server) OnConnClose(x *gortsplib.ServerHandlerOnConnCloseCtx) {
	s.mu.Lock()
	v := s.viewers[x.Conn]
	if v != nil {
		s.forget(v)
	}
	s.mu.Unlock()
	if v != nil {
		v.leave()
	}
}

func (s *server) viewer(c *gortsplib.ServerConn) *viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewers[c]
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (s *server) OnDescribe(x *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.admit(x.Conn, x.Request, x.Path, x.Query)
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (s *server) OnSetup(x *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if x.Transport.Protocol != gortsplib.ProtocolTCP {
		return &base.Response{StatusCode: base.StatusUnsupportedTransport}, nil, nil
	}
	return s.admit(x.Conn, x.Request, x.Path, x.Query)
}

// admit lets in who has a token, to a camera that sends pictures.
func (s *server) admit(conn *gortsplib.ServerConn, req *base.Request, path, query string) (*base.Response, *gortsplib.ServerStream, error) {
	who, err := s.o.House.Enter(token(req, query), s.o.TLS != nil)
	if err != nil {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	v, err := s.welcome(conn, who.ID)
	if err != nil {
		if errors.Is(err, errOneTooMany) {
			s.o.House.Crowded(who, mostEach)
		}
		return &base.Response{StatusCode: base.StatusServiceUnavailable, StatusMessage: err.Error()}, nil, err
	}
	stream, err := v.open(who, home.DeviceID(strings.Trim(path, "/")), agent(req))
	var missing *home.NotFound
	switch {
	case errors.As(err, &missing):
		return &base.Response{StatusCode: base.StatusNotFound}, nil, err
	case err != nil:
		return &base.Response{StatusCode: base.StatusServiceUnavailable}, nil, err
	}
	return &base.Response{StatusCode: base.StatusOK}, stream, nil
}

// token is what a player shows: the password of Basic, or what stands in the address.
func token(req *base.Request, query string) auth.Secret {
	var h headers.Authorization
	if err := h.Unmarshal(req.Header["Authorization"]); err == nil && h.BasicPass != "" {
		return auth.Secret(h.BasicPass)
	}
	// What is set up stands behind the query: "token=…/trackID=0".
	query, _, _ = strings.Cut(query, "/")
	q, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return auth.Secret(q.Get("token"))
}

func agent(req *base.Request) string {
	if a := req.Header["User-Agent"]; len(a) > 0 {
		return a[0][:min(len(a[0]), agentMost)]
	}
	return ""
}

// OnPlay implements gortsplib.ServerHandlerOnPlay: the view is put on record here.
func (s *server) OnPlay(x *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	v := s.viewer(x.Conn)
	if v == nil {
		return &base.Response{StatusCode: base.StatusBadRequest}, nil
	}
	if err := v.begin(); err != nil {
		s.o.Log.Info("nothing is shown to a player", "device", v.camera, "err", err)
		return &base.Response{StatusCode: base.StatusServiceUnavailable}, err
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnResponse implements gortsplib.ServerHandlerOnResponse: from the answer to PLAY on
// packets reach the player.
func (s *server) OnResponse(conn *gortsplib.ServerConn, _ *base.Response) {
	if v := s.viewer(conn); v != nil {
		v.play()
	}
}

// OnStreamWriteError implements gortsplib.ServerHandlerOnStreamWriteError: a player
// that does not follow would show smeared pictures.
func (s *server) OnStreamWriteError(x *gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	x.Session.Close()
}
