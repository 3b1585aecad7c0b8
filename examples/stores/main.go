// Stores is one application whose sessions are kept where SESSIONS says:
//
//	go run .                                      # in the program's memory
//	SESSIONS=sqlite:sessions.db go run .
//	SESSIONS=redis://127.0.0.1:6379 go run .
//	SESSIONS=postgres://127.0.0.1/sessions go run .
//
// All but the first keep them when the program is started again, and the last two
// for as many processes as there are. docs/sessions.md says which to take.
package main

import (
	"cmp"
	"database/sql"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alexedwards/scs/postgresstore"
	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gomodule/redigo/redis"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/hipflask/hipflask"
)

func main() {
	backend, err := openBackend(cmp.Or(os.Getenv("SESSIONS"), "memory:"))
	if err != nil {
		log.Fatal(err)
	}
	if err := newApp(backend).Run(); err != nil {
		log.Fatal(err)
	}
}

// openBackend opens the place that an address names.
func openBackend(address string) (hipflask.SessionBackend, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "memory":
		return memstore.New(), nil
	case "sqlite":
		return openSQLite(rest)
	case "redis":
		return openRedis(address), nil
	case "postgres":
		return openPostgres(address)
	}
	return nil, fmt.Errorf("SESSIONS=%s: an address begins with memory:, sqlite:, redis: or postgres: and this one does not", address)
}

func openSQLite(file string) (hipflask.SessionBackend, error) {
	db, err := sql.Open("sqlite", file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL);
		CREATE INDEX IF NOT EXISTS sessions_expiry_idx ON sessions(expiry)`)
	return sqlite3store.New(db), err
}

func openRedis(address string) hipflask.SessionBackend {
	return redisstore.New(&redis.Pool{
		MaxIdle:     10,
		IdleTimeout: time.Minute,
		Dial: func() (redis.Conn, error) {
			const patience = 2 * time.Second
			return redis.DialURL(address, redis.DialConnectTimeout(patience),
				redis.DialReadTimeout(patience), redis.DialWriteTimeout(patience))
		},
		// A connection that was idle may have been cut meanwhile.
		TestOnBorrow: func(c redis.Conn, last time.Time) error {
			if time.Since(last) < time.Second {
				return nil
			}
			_, err := c.Do("PING")
			return err
		},
	})
}

func openPostgres(address string) (hipflask.SessionBackend, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	limits := u.Query()
	limits.Set("connect_timeout", "2")      // seconds
	limits.Set("statement_timeout", "2000") // milliseconds
	u.RawQuery = limits.Encode()
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(20)
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL);
		CREATE INDEX IF NOT EXISTS sessions_expiry_idx ON sessions (expiry)`)
	return postgresstore.New(db), err
}

func newApp(backend hipflask.SessionBackend) *hipflask.App {
	sessions := hipflask.ServerSessions(backend)
	sessions.IdleTimeout = 30 * time.Minute
	sessions.Lifetime = 12 * time.Hour

	app := hipflask.New("stores")
	app.Config.SessionStore = sessions
	app.Get("/", index)
	app.Post("/login", login)
	app.Post("/logout", logout)
	return app
}

func index(c *hipflask.Context) error {
	s := c.Session()
	if !s.Has("user") {
		return c.Text("You are not logged in.\n")
	}
	s.Set("visits", s.GetInt("visits")+1)
	return c.Text(fmt.Sprintf("Hello, %s! Visit %d.\n", s.GetString("user"), s.GetInt("visits")))
}

func login(c *hipflask.Context) error {
	user, err := c.RequireForm("user")
	if err != nil {
		return err
	}
	c.Session().Renew()
	c.Session().Set("user", user)
	return c.RedirectTo("index")
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}
