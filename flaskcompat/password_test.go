package flaskcompat_test

import (
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask/flaskcompat"
)

// TestPasswordVectors checks hashes that Werkzeug 3.1.8 made; the program that
// made them lies beside them.
func TestPasswordVectors(t *testing.T) {
	var vectors [][3]any
	readJSON(t, "password-vectors.json", &vectors)
	for _, v := range vectors {
		hash, password := v[0].(string), v[1].(string)
		if got := flaskcompat.CheckPasswordHash(hash, password); got != v[2] {
			t.Errorf("CheckPasswordHash(%q, %q): got %v, want %v", hash, password, got, v[2])
		}
	}
	t.Logf("%d vectors", len(vectors))
}

func TestGeneratePasswordHash(t *testing.T) {
	form := regexp.MustCompile(`^scrypt:32768:8:1\$[a-zA-Z0-9]{16}\$[0-9a-f]{128}$`)
	hash := flaskcompat.GeneratePasswordHash("pässwörd")
	if !form.MatchString(hash) {
		t.Errorf("got %q, want it to match %s", hash, form)
	}
	if again := flaskcompat.GeneratePasswordHash("pässwörd"); again == hash {
		t.Errorf("got %q twice, want another salt", hash)
	}
	for password, want := range map[string]bool{"pässwörd": true, "Pässwörd": false} {
		if got := flaskcompat.CheckPasswordHash(hash, password); got != want {
			t.Errorf("CheckPasswordHash(%q, %q): got %v, want %v", hash, password, got, want)
		}
	}
}

// TestCheckPasswordHashGarbage: what is no hash, or asks for too much, is false
// at once.
func TestCheckPasswordHashGarbage(t *testing.T) {
	for _, hash := range []string{
		"", "$", "$$", "$$$", "x", "x$y", "x$y$z", "plain$salt$ada", "ada", "sha256$salt$00",
		"scrypt$", "scrypt$salt", "scrypt$salt$", "scrypt$$", "scrypt:$salt$00", "scrypt:1$salt$00", "scrypt:16:8$salt$00",
		"scrypt:16:8:1:1$salt$00", "scrypt:a:b:c$salt$00", "scrypt:3:8:1$salt$00", "scrypt:0:8:1$salt$00", "scrypt:1:8:1$salt$00",
		"scrypt:-16:8:1$salt$00", "scrypt:16:-8:1$salt$00", "scrypt:16:0:1$salt$00", "scrypt:16:8:0$salt$00",
		"scrypt:16: 8:1$salt$00", "scrypt:99999999999999999999:8:1$salt$00",
		"pbkdf2:$salt$00", "pbkdf2::1$salt$00", "pbkdf2:sha256:$salt$00", "pbkdf2:sha256:0$salt$00", "pbkdf2:sha256:-1$salt$00",
		"pbkdf2:sha256:1:1$salt$00", "pbkdf2:sha257:1$salt$00", "pbkdf2:sha256:1$salt$é", "pbkdf2:sha256:99999999999999999999$salt$00",
		"pbkdf2:sha256:1$salt$", "pbkdf2:sha256:1", "\x00\xff$\x00$\x00",

		"scrypt:4194304:8:1$salt$00", "scrypt:1048576:8:1$salt$00", "scrypt:2:1048577:1$salt$00", "scrypt:2:1:8388608$salt$00",
		"scrypt:2:1:4194304$salt$00", "scrypt:2:4194304:1$salt$00", "scrypt:2:2048:2048$salt$00", "scrypt:4194304:1:1$salt$00",
		"scrypt:65536:8:1000$salt$00", "scrypt:8388608:8388608:8388608$salt$00", "pbkdf2:sha256:10000001$salt$00",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		if flaskcompat.CheckPasswordHash(hash, "ada") {
			t.Errorf("CheckPasswordHash(%q): got true, want false", hash)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 40<<20 || time.Since(start) > 5*time.Second {
			t.Errorf("CheckPasswordHash(%q) took %v and %d bytes", hash, time.Since(start), used)
		}
	}
}

// TestPasswordCrowd: many who sign in at once do not fill the memory.
func TestPasswordCrowd(t *testing.T) {
	const each = 2 << 20 // of scrypt:2048:8:1
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)

	turns := uint64(runtime.GOMAXPROCS(0))
	var crowd sync.WaitGroup
	for range 16 * turns {
		crowd.Go(func() { flaskcompat.CheckPasswordHash("scrypt:2048:8:1$salt$00", "ada") })
	}
	done := make(chan struct{})
	go func() { crowd.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		case <-time.After(time.Millisecond):
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc-min(before, m.HeapAlloc))
		}
	}
	if limit := 4*turns*each + before; most < each || most > limit {
		t.Errorf("%d at once: got %d MiB at most, want at least %d, for one, and at most %d", 16*turns, most>>20, each>>20, limit>>20)
	}
	t.Logf("%d MiB for %d", most>>20, 16*turns)
}

func FuzzCheckPasswordHash(f *testing.F) {
	for _, hash := range []string{"scrypt:16:1:1$salt$00", "pbkdf2:sha256:1$salt$00", "pbkdf2:md5:1$$", "x$y$z"} {
		f.Add(hash, "ada")
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		// A matching hash has at least 32 digits, which no input finds by chance.
		if strings.Count(hash, "0") < 2 && flaskcompat.CheckPasswordHash(hash, password) {
			t.Errorf("CheckPasswordHash(%q, %q): got true, want false", hash, password)
		}
	})
}

func BenchmarkGeneratePasswordHash(b *testing.B) {
	for b.Loop() {
		flaskcompat.GeneratePasswordHash("hunter2")
	}
}

func readJSON(t testing.TB, name string, dst any) {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, dst); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
