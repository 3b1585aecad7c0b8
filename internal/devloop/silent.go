package devloop

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// silentTime is how long a connection that has been opened may say nothing once
// the server ends. One that a client has just opened has its request on the way.
const silentTime = 250 * time.Millisecond

// Silent are the connections of a server that have not asked for anything yet. A
// browser opens some in advance, and [http.Server.Shutdown] waits for them as if
// they were at work.
type Silent struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// ConnState is for the server's field of that name.
func (s *Silent) ConnState(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, c)
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]bool{}
	}
	s.conns[c] = true
}

// End gives them a moment and closes those that are still silent. It is to be
// called when the server accepts no more and before Shutdown, from where on net/http
// drops what a silent connection asks.
func (s *Silent) End() {
	for end := time.Now().Add(silentTime); s.count() > 0 && time.Now().Before(end); {
		time.Sleep(silentTime / 50)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		go c.Close() // TLS may wait
	}
}

func (s *Silent) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}
