package localca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatehouse/storage"
)

// errNone says that there is no such pair yet.
var errNone = errors.New("no certificate")

// readPair reads a certificate and its key.
func readPair(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	c, errC := os.ReadFile(certFile)
	k, errK := os.ReadFile(keyFile)
	// A key without its certificate is what a power cut leaves while the pair
	// is first written: nobody trusts it yet.
	if errors.Is(errC, fs.ErrNotExist) {
		return nil, nil, errNone
	}
	if err := errors.Join(errC, errK); err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(c)
	if block == nil {
		return nil, nil, fmt.Errorf("%s is not PEM", certFile)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", certFile, err)
	}
	if block, _ = pem.Decode(k); block == nil {
		return nil, nil, fmt.Errorf("%s is not PEM", keyFile)
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: not a key", keyFile) // the cause could quote the key
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, fmt.Errorf("%s is not the key of %s", keyFile, certFile)
	}
	return cert, key, nil
}

// writePair writes the key first and the certificate last: a certificate that
// is there has its key.
func writePair(certFile, keyFile string, chain [][]byte, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var certs bytes.Buffer
	for _, c := range chain {
		if err := pem.Encode(&certs, &pem.Block{Type: "CERTIFICATE", Bytes: c}); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(certFile), 0o700); err != nil {
		return err
	}
	// The old certificate goes first, so that a power cut in between leaves
	// no pair that does not fit.
	if err := os.Remove(certFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := storage.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	return storage.WriteFile(certFile, certs.Bytes())
}
