package main

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

var flaskcompat seam

type seam struct{}

func (seam) GeneratePasswordHash(password string) string {
	salt := rand.Text()[:16]
	key, _ := scrypt.Key([]byte(password), []byte(salt), 32768, 8, 1, 64)
	return "scrypt:32768:8:1$" + salt + "$" + hex.EncodeToString(key)
}

func (seam) CheckPasswordHash(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 3 {
		return false
	}
	method := strings.Split(parts[0], ":")
	want, _ := hex.DecodeString(parts[2])
	var key []byte
	if method[0] == "scrypt" {
		key, _ = scrypt.Key([]byte(password), []byte(parts[1]), 32768, 8, 1, 64)
	} else {
		n, _ := strconv.Atoi(method[2])
		key, _ = pbkdf2.Key(sha256.New, password, []byte(parts[1]), n, 32)
	}
	return len(want) > 0 && subtle.ConstantTimeCompare(key, want) == 1
}
