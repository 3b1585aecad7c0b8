package hipflasktest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// shelf is a backend in the program's own memory: what is to be tested.
type shelf struct{ texts sync.Map }

type shelved struct {
	text   []byte
	expiry time.Time
}

func (s *shelf) Find(key string) ([]byte, bool, error) {
	v, found := s.texts.Load(key)
	if !found || time.Now().After(v.(shelved).expiry) {
		return nil, false, nil
	}
	return v.(shelved).text, true, nil
}

func (s *shelf) Commit(key string, text []byte, expiry time.Time) error {
	s.texts.Store(key, shelved{text, expiry})
	return nil
}

func (s *shelf) Delete(key string) error {
	s.texts.Delete(key)
	return nil
}

// onShelf gives each App a store of its own, as each process of a program has, and
// all of them one backend.
func onShelf(backend *shelf) func(cfg *hipflask.Config) {
	return func(cfg *hipflask.Config) { cfg.SessionStore = hipflask.ServerSessions(backend) }
}

// This is all of a test, func TestShelf(t *testing.T).
func ExampleTestSessionStore() {
	var t *testing.T // what go test gives it

	hipflasktest.TestSessionStore(t, onShelf(&shelf{}))
}
