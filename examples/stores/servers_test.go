package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

// The servers of the tests: those that SESSIONS_REDIS and SESSIONS_POSTGRES name,
// or else Debian's, started for the test on a free port of 127.0.0.1.

// server is a program that a test starts, stops and starts again.
type server struct {
	tb      testing.TB
	command []string
	as      *syscall.Credential
	ready   func() error // it answers a question; an open port is not enough
	process *exec.Cmd
	output  bytes.Buffer
}

func (s *server) start() {
	s.tb.Helper()
	s.process = exec.Command(s.command[0], s.command[1:]...)
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	s.process.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if err := s.process.Start(); err != nil {
		s.tb.Fatal(err)
	}
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = s.ready(); err == nil {
			return
		}
	}
	s.stop()
	s.tb.Fatalf("%s does not answer: %v\n%s", s.command[0], err, s.output.String())
}

// stop ends the server at once, as a crash would.
func (s *server) stop() {
	if s.process != nil {
		s.process.Process.Kill()
		s.process.Wait()
		s.process = nil
	}
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// startRedis starts Debian's redis-server, without a file to keep anything in.
func startRedis(tb testing.TB) (address string, s *server) {
	tb.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Skip("there is no redis-server: apt-get install redis-server, or name a running one in SESSIONS_REDIS")
	}
	port := freePort(tb)
	address = "redis://127.0.0.1:" + port
	ready := func() error {
		conn, err := redis.DialURL(address)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Do("PING")
		return err
	}
	s = &server{tb: tb, ready: ready, command: []string{binary, "--port", port, "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", tb.TempDir()}}
	s.start()
	tb.Cleanup(s.stop)
	return address, s
}

// startPostgres makes a fresh cluster in a folder of its own and starts it. Root
// may not run PostgreSQL, so that it then runs as the user postgres.
func startPostgres(tb testing.TB) (address string, s *server) {
	tb.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		tb.Skip("there is no PostgreSQL: apt-get install postgresql, or name a running one in SESSIONS_POSTGRES")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	var as *syscall.Credential
	if os.Getuid() == 0 {
		as = userPostgres(tb)
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--pgdata", data, "--auth", "trust", "--username", "sessions", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(tb)
	u := url.URL{Scheme: "postgres", User: url.User("sessions"), Host: "127.0.0.1:" + port, Path: "postgres",
		RawQuery: "sslmode=disable&connect_timeout=2"}
	ready := func() error {
		db, err := sql.Open("postgres", u.String())
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Ping()
	}
	s = &server{tb: tb, ready: ready, as: as, command: []string{filepath.Join(bin, "postgres"), "-D", data, "-p", port,
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + dir, "-c", "fsync=off"}}
	s.start()
	tb.Cleanup(s.stop)
	return u.String(), s
}

func userPostgres(tb testing.TB) *syscall.Credential {
	tb.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		tb.Skip("PostgreSQL does not run as root, and there is no user postgres: ", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// addressOf is that of a running server, or of one that is started.
func addressOf(tb testing.TB, variable string, start func(testing.TB) (string, *server)) string {
	tb.Helper()
	if address := os.Getenv(variable); address != "" {
		return address
	}
	address, _ := start(tb)
	return address
}

func redisAddress(tb testing.TB) string    { return addressOf(tb, "SESSIONS_REDIS", startRedis) }
func postgresAddress(tb testing.TB) string { return addressOf(tb, "SESSIONS_POSTGRES", startPostgres) }
func sqliteAddress(tb testing.TB) string {
	return "sqlite:" + filepath.Join(tb.TempDir(), "sessions.db")
}
func memoryAddress(testing.TB) string { return "memory:" }

func TestOpenBackend(t *testing.T) {
	if _, err := openBackend("mysql://127.0.0.1"); err == nil || !strings.Contains(fmt.Sprint(err), "SESSIONS=mysql") {
		t.Errorf("an unknown place: got %v, want an error that names it", err)
	}
}
