package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// signatureHeader holds t=UNIX TIME and a v1=HEX for each secret.
const signatureHeader = "Webhook-Signature"

// tolerance is how far the time of a signature may be from ours.
const tolerance = 5 * time.Minute

// sign returns the header for a body, with one signature for each secret.
func sign(secrets []string, body []byte, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	header := "t=" + stamp
	for _, secret := range secrets {
		header += ",v1=" + hex.EncodeToString(mac(secret, stamp, body))
	}
	return header
}

// verify reports why a header does not sign this body now, or nil if one of its
// signatures is by one of the secrets.
func verify(secrets []string, header string, body []byte, now time.Time) error {
	var stamp string
	var signatures [][]byte
	if len(header) > 1000 {
		return errors.New("the header is too long")
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if stamp != "" {
				return errors.New("the header has two times")
			}
			stamp = value
		case "v1":
			signature, err := hex.DecodeString(value)
			if err != nil {
				return fmt.Errorf("a signature is no hex: %w", err)
			}
			signatures = append(signatures, signature)
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return fmt.Errorf("no time: %w", err)
	}
	// Compared as numbers: a duration cannot hold what a visitor may send.
	if limit := int64(tolerance / time.Second); seconds < now.Unix()-limit || seconds > now.Unix()+limit {
		return errors.New("the time is not within the tolerance")
	}
	for _, secret := range secrets {
		want := mac(secret, stamp, body)
		for _, signature := range signatures {
			if hmac.Equal(signature, want) { // takes as long wherever they differ
				return nil
			}
		}
	}
	return errors.New("no signature is by a secret of ours")
}

func mac(secret, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return h.Sum(nil)
}
