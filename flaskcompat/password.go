package flaskcompat

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// What new hashes are made with, as by Werkzeug's generate_password_hash.
const (
	scryptN      = 32768
	scryptR      = 8
	scryptP      = 1
	scryptKeyLen = 64

	saltLength = 16
	saltChars  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// pbkdf2Iterations counts where a hash does not say.
const pbkdf2Iterations = 1_000_000

// What CheckPasswordHash takes on for a hash, some seconds at most; a hash that
// asks for more matches nothing.
const (
	maxScryptMemory     = 257 << 20 // bytes; 128·r·(N+p+2) are needed, of which 256 MiB for N and r
	maxScryptWork       = 5 << 20   // (N+16)·r·p, 20 times that of a new hash
	maxPBKDF2Iterations = 10_000_000
)

// hashing holds a place for each use of scrypt under way, as many as can run at a
// time. More would be no faster, and each takes 32 MiB, so that a crowd at the
// sign-in would fill the machine. Whoever waits costs a goroutine, and is served
// in turn.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// scryptKey is scrypt.Key in its turn.
func scryptKey(password, salt string, n, r, p int) ([]byte, error) {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return scrypt.Key([]byte(password), []byte(salt), n, r, p, scryptKeyLen)
}

// GeneratePasswordHash returns a hash of password to keep in its place:
// scrypt:32768:8:1$salt$hash with a random salt, as Werkzeug's
// generate_password_hash makes it. Two hashes of one password differ.
//
// It is slow on purpose, a tenth of a second, and takes 32 MiB meanwhile. As many
// hashes as the program has processors (GOMAXPROCS) are made or checked with
// scrypt at a time; the others wait, in turn. How many a visitor may ask for is
// for the proxy in front to limit.
func GeneratePasswordHash(password string) string {
	salt := newSalt()
	key, err := scryptKey(password, salt, scryptN, scryptR, scryptP)
	if err != nil {
		panic("flaskcompat: " + err.Error()) // the parameters are constants and valid
	}
	return "scrypt:" + strconv.Itoa(scryptN) + ":" + strconv.Itoa(scryptR) + ":" + strconv.Itoa(scryptP) +
		"$" + salt + "$" + hex.EncodeToString(key)
}

// CheckPasswordHash reports whether hash is one of password, as Werkzeug's
// check_password_hash does. It takes the same time wherever the hashes differ.
//
// It knows scrypt:N:r:p$salt$hash and pbkdf2:digest:iterations$salt$hash, with
// md5, sha1 and the fixed lengths of SHA-2 and SHA-3 as digest. What a hash does
// not say is Werkzeug's default: scrypt:32768:8:1, and pbkdf2:sha256:1000000.
//
// Anything else is false: text that is no hash, and a hash that asks for more
// than 257 MiB, 20 times the work of a new one, or ten million iterations.
// Werkzeug raises an exception for some of these and has no limit for the rest.
// A hash too weak for today is still checked: sign the visitor in, and store a
// new one.
func CheckPasswordHash(hash, password string) bool {
	parts := strings.SplitN(hash, "$", 3)
	if len(parts) != 3 {
		return false
	}
	method, salt, want := parts[0], parts[1], parts[2]
	key, ok := hashPassword(strings.Split(method, ":"), salt, password)
	return ok && hmac.Equal([]byte(hex.EncodeToString(key)), []byte(want))
}

// hashPassword hashes as method says, and reports whether that can be done.
func hashPassword(method []string, salt, password string) ([]byte, bool) {
	switch name, args := method[0], method[1:]; name {
	case "scrypt":
		return hashScrypt(args, salt, password)
	case "pbkdf2":
		return hashPBKDF2(args, salt, password)
	}
	return nil, false
}

func hashScrypt(args []string, salt, password string) ([]byte, bool) {
	params := [3]int{scryptN, scryptR, scryptP}
	if len(args) != 0 && len(args) != len(params) {
		return nil, false
	}
	for i, arg := range args {
		var ok bool
		// Of three factors below the limit, no product leaves an int64.
		if params[i], ok = positive(arg, maxScryptWork); !ok {
			return nil, false
		}
	}
	n, r, p := int64(params[0]), int64(params[1]), int64(params[2])
	// What surrounds scrypt's own loop, for each r and p, is as much work as 16 of N.
	if 128*r > maxScryptMemory/(n+p+2) || (n+16)*r > maxScryptWork/p {
		return nil, false
	}
	key, err := scryptKey(password, salt, int(n), int(r), int(p))
	return key, err == nil // an N that is no power of two, for one
}

func hashPBKDF2(args []string, salt, password string) ([]byte, bool) {
	name, iterations, ok := "sha256", pbkdf2Iterations, true
	switch len(args) {
	case 0:
	case 1:
		name = args[0]
	case 2:
		name = args[0]
		iterations, ok = positive(args[1], maxPBKDF2Iterations)
	default:
		return nil, false
	}
	newHash := digests[strings.ToLower(name)]
	if newHash == nil || !ok {
		return nil, false
	}
	key, err := pbkdf2.Key(newHash, password, []byte(salt), iterations, newHash().Size())
	return key, err == nil
}

// digests has the names that Python's hashlib gives them.
var digests = map[string]func() hash.Hash{
	"md5":        md5.New,
	"sha1":       sha1.New,
	"sha224":     sha256.New224,
	"sha256":     sha256.New,
	"sha384":     sha512.New384,
	"sha512":     sha512.New,
	"sha512_224": sha512.New512_224,
	"sha512_256": sha512.New512_256,
	"sha3_224":   func() hash.Hash { return sha3.New224() },
	"sha3_256":   func() hash.Hash { return sha3.New256() },
	"sha3_384":   func() hash.Hash { return sha3.New384() },
	"sha3_512":   func() hash.Hash { return sha3.New512() },
}

// positive reads a whole number from 1 to limit.
func positive(text string, limit int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= limit
}

// newSalt returns random letters and digits. A byte above the last multiple of
// their number would favour some of them, and is thrown away.
func newSalt() string {
	const usable = 256 - 256%len(saltChars)
	salt := make([]byte, 0, saltLength)
	for random := make([]byte, 2*saltLength); len(salt) < saltLength; {
		rand.Read(random)
		for _, b := range random {
			if int(b) < usable && len(salt) < saltLength {
				salt = append(salt, saltChars[int(b)%len(saltChars)])
			}
		}
	}
	return string(salt)
}
