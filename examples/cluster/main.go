// Cluster is the login tutorial on several processes: sessions are in Redis, so
// any of them answers any visitor, and one that dies signs nobody out.
//
//	./examples/cluster/cluster.sh up
//
// It is configured from the environment: CLUSTER_REDIS is Redis' address, and
// without one the sessions are in the signed cookie; CLUSTER_SECRET_KEY and
// CLUSTER_SECRET_KEY_FALLBACKS are the keys, and CLUSTER_PROCESS is the name that
// this process shows on its pages.
package main

import (
	"embed"
	"log"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/redisstore"
	"github.com/gomodule/redigo/redis"
	"github.com/hipflask/hipflask"
)

//go:embed templates
var files embed.FS

func main() {
	app, err := newApp()
	if err == nil {
		err = app.Run()
	}
	if err != nil {
		log.Fatal(err)
	}
}

func newApp() (*hipflask.App, error) {
	app := hipflask.New("cluster")
	app.Config.Root = files
	app.Config.Set("REDIS", "")
	app.Config.Set("PROCESS", "1")
	if err := app.Config.FromEnv("CLUSTER"); err != nil {
		return nil, err
	}

	// One proxy, on this machine, says who the visitor is and whether over https;
	// the Host it passes on as it is, so none is taken from a header of its own.
	app.Config.TrustedProxies = hipflask.TrustedProxies{
		For: 1, Proto: 1, Peers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	if address := app.Config.Get("REDIS").(string); address != "" {
		app.Config.SessionStore = hipflask.ServerSessions(redisstore.New(newPool(address)))
	}

	app.Get("/", index)
	app.Post("/login", login)
	app.Post("/logout", logout)
	app.Get("/slow", slow)
	app.ErrorHandler(503, unavailable)
	return app, nil
}

// newPool gives up soon on a Redis that does not answer, and tries a connection
// that has been idle before it relies on it: Redis may have been restarted.
func newPool(address string) *redis.Pool {
	return &redis.Pool{
		MaxIdle:     16,
		IdleTimeout: time.Minute,
		Dial: func() (redis.Conn, error) {
			return redis.Dial("tcp", address,
				redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(2*time.Second), redis.DialWriteTimeout(2*time.Second))
		},
		TestOnBorrow: func(c redis.Conn, idleSince time.Time) error {
			_, err := c.Do("PING")
			return err
		},
	}
}

func index(c *hipflask.Context) error {
	if c.Session().Has("username") {
		c.Session().Set("visits", c.Session().GetInt("visits")+1)
	}
	return c.Render("index.html", hipflask.Data{"process": c.App().Config.Get("PROCESS")})
}

func login(c *hipflask.Context) error {
	username, err := c.RequireForm("username")
	if err != nil {
		return err
	}
	c.Session().Renew() // a new id for a new identity
	c.Session().Set("username", username)
	c.Session().Set("visits", 0)
	c.Flash("Signed in as " + username + ".")
	return c.RedirectTo("index")
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

// slow takes its time, to be interrupted by the end of its process, and says in
// the log that it has begun.
func slow(c *hipflask.Context) error {
	c.App().Logger().Info("a slow page is begun")
	select {
	case <-time.After(3 * time.Second):
	case <-c.Request.Context().Done():
	}
	return c.Render("index.html", hipflask.Data{"process": c.App().Config.Get("PROCESS")})
}

func unavailable(c *hipflask.Context, err error) error {
	c.Header().Set("Retry-After", "5")
	return c.HTML("<h1>We will be back in a moment</h1><p>Sessions cannot be read just now. Nobody has been signed out.</p>")
}
