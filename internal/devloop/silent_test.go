//go:build unix

package devloop

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPageEndsAtOnce: the failure's page does not wait for a connection that a
// browser opened in advance, and cuts none whose request is on the way.
func TestPageEndsAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	shared, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	page, err := servePage(shared, nil, &Failure{Title: "no wheels"}, "7")
	if err != nil {
		t.Fatal(err)
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	late := dial()
	resp, err := http.Get("http://" + l.Addr().String()) // the others are accepted by now
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	answer := make(chan string)
	go func() {
		time.Sleep(silentTime / 5)
		_, _ = late.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		b := make([]byte, 64)
		n, err := late.Read(b)
		if err != nil {
			b, n = []byte(err.Error()), len(err.Error())
		}
		answer <- string(b[:n])
	}()
	began := time.Now()
	page.end()
	if took := time.Since(began); took > endTime/2 {
		t.Errorf("the page took %v to end", took)
	}
	if got := <-answer; !strings.HasPrefix(got, "HTTP/1.0 500") {
		t.Errorf("a request that came a little later got %q", got)
	}
}
