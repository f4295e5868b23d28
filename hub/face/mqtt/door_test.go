package mqtt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"gatehouse/hub/face/mqtt"
	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// beyond are options of a face with a TLS listener, and how a client dials it.
func beyond(t *testing.T, o mqtt.Options, change func(*tls.Config)) (mqtt.Options, func(*mqtt.Face) func(*paho.ClientOptions)) {
	t.Helper()
	cert, pool := certificate(t)
	o.Listen, o.TLS = "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}}
	return o, func(f *mqtt.Face) func(*paho.ClientOptions) {
		return func(po *paho.ClientOptions) {
			po.Servers = nil
			po.AddBroker("ssl://" + f.Addr().String())
			config := &tls.Config{RootCAs: pool}
			if change != nil {
				change(config)
			}
			po.SetTLSConfig(config)
		}
	}
}

func TestBeyondLoopback(t *testing.T) {
	h := newHouse()
	o, tlsDial := beyond(t, h.options(), nil)
	f, _ := open(t, o)
	if _, err := tryJoin(t, f, tlsDial(f)); err == nil {
		t.Error("anonymous client let in beyond loopback")
	}
	c := join(t, f, func(po *paho.ClientOptions) { tlsDial(f)(po); asToken("panel", "owner-token")(po) })
	c.subscribe("gatehouse/alarm/state")
	c.send("gatehouse/alarm/set", "ARM_HOME")
	c.until("gatehouse/alarm/state", "armed_home")

	plain, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Write([]byte("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4)
	if err := plain.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, _ := plain.Read(answer); n > 0 && answer[0] == 0x20 {
		t.Error("plain MQTT was answered beyond loopback")
	}
}

func TestTLS13Only(t *testing.T) {
	h := newHouse()
	o, dial12 := beyond(t, h.options(), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	f, _ := open(t, o)
	_, err := tryJoin(t, f, func(po *paho.ClientOptions) { dial12(f)(po); asToken("panel", "owner-token")(po) })
	if err == nil {
		t.Error("TLS 1.2 was taken")
	}
}

// With people/auth's own Porter: a revoked token's client is gone within a second.
func TestRevokedTokenIsCutOff(t *testing.T) {
	dir := t.TempDir()
	db, err := storage.Open(filepath.Join(dir, "home.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	porter, err := auth.Open(auth.Options{DB: db, Dir: dir, Cost: auth.CheapCost(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, secret, err := porter.CreateToken(ctx, "test", "wall", auth.Member, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse()
	o := h.options()
	o.Auth = porter
	f, _ := open(t, o)
	revoked := join(t, f, asToken("wall", string(secret)))
	stays := join(t, f, nil)
	if err := porter.RevokeToken(ctx, "test", "wall"); err != nil {
		t.Fatal(err)
	}
	if took := waited(t, "the cut", revoked.lost); took > time.Second {
		t.Errorf("cut off after %s, want within 1s", took)
	}
	if _, err := tryJoin(t, f, asToken("wall", string(secret))); err == nil {
		t.Error("revoked token let in again")
	}
	stays.subscribe("gatehouse/status")
	stays.until("gatehouse/status", "online")
}
