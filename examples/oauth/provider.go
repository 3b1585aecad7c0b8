package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"io/fs"
	"log"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
	"golang.org/x/oauth2"
)

// provider is a small OAuth 2 provider to try the program with. It takes everybody's
// word for who they are, so it is for nothing else.
type provider struct {
	clientID, secret string
	lifetime         time.Duration // of a token
	now              func() time.Time

	mu     sync.Mutex
	grants map[string]grant // by code, access token or refresh token
}

// grant is what a code or a token stands for.
type grant struct {
	kind, user string
	until      time.Time

	challenge, redirectURI string // of a code
}

var users = map[string]hipflask.Data{
	"ada":   {"name": "Ada Lovelace", "email": "ada@example.com"},
	"grace": {"name": "Grace Hopper", "email": "grace@example.com"},
}

func newProvider() *provider {
	return &provider{
		clientID: "demo", secret: rand.Text(),
		lifetime: time.Minute, now: time.Now, grants: map[string]grant{},
	}
}

// client returns the settings of the one client that the provider at base has.
func (p *provider) client(base string) *client {
	return &client{oauth2.Config{
		ClientID: p.clientID, ClientSecret: p.secret,
		Endpoint: oauth2.Endpoint{AuthURL: base + "/authorize", TokenURL: base + "/token"},
	}, base + "/userinfo"}
}

func (p *provider) app() *hipflask.App {
	app := hipflask.New("provider")
	root, err := fs.Sub(files, "provider")
	if err != nil {
		panic(err) // the name is no path
	}
	app.Config.Root = root
	app.Config.SecretKey = rand.Text()
	app.Config.SessionCookieName = "provider" // cookies do not tell ports apart
	app.Route("/authorize", p.authorize, "GET", "POST")
	app.Post("/token", p.token)
	app.Get("/userinfo", p.userinfo)
	app.Get("/", func(c *hipflask.Context) error { return c.Text("The demo provider.") }).Name("index")
	return app
}

// demo gives the App a provider to sign in at, and its settings for it. It starts
// with the first request, since a program that does not serve needs none: one that
// lists its routes, or that watches the code in debug mode while another process
// serves. end ends it.
func demo(app *hipflask.App, settings *client) (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	start := sync.OnceValue(func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		p := newProvider()
		*settings = *p.client("http://" + l.Addr().String())
		serving.Go(func() {
			if err := p.app().Serve(ctx, l); err != nil {
				log.Print(err)
			}
		})
		return nil
	})
	app.BeforeRequest(func(*hipflask.Context) error { return start() })
	return func() {
		stop()
		serving.Wait()
	}
}

// authorize asks the visitor, and sends them back with a code. The form keeps the
// query of the page, so that both requests are checked alike.
func (p *provider) authorize(c *hipflask.Context) error {
	// Never redirect before these two are right.
	if c.Query("client_id") != p.clientID {
		return hipflask.Error(400, "There is no such client_id.")
	}
	if !isRegistered(c.Query("redirect_uri")) {
		return hipflask.Error(400, "The redirect_uri is not one that is registered: /callback of this machine, on any port.")
	}
	switch {
	case c.Query("response_type") != "code":
		return p.back(c, "error", "unsupported_response_type")
	case c.Query("code_challenge_method") != "S256" || len(c.Query("code_challenge")) != 43:
		return p.back(c, "error", "invalid_request")
	case c.Request.Method != "POST":
		c.Header().Set("X-Frame-Options", "DENY") // nobody lays another page above the buttons
		return c.Render("consent.html", hipflask.Data{"client": p.clientID})
	}
	user := c.Form("user")
	if _, known := users[user]; !known {
		return p.back(c, "error", "access_denied")
	}
	return p.back(c, "code", p.issue(grant{
		kind: "code", user: user, until: p.now().Add(time.Minute),
		challenge: c.Query("code_challenge"), redirectURI: c.Query("redirect_uri"),
	}))
}

// isRegistered reports whether the provider may send visitors to uri: to /callback
// on the visitor's own machine. The port may be any, as RFC 8252 (7.3) has it for
// programs there; the rest is compared to the letter.
func isRegistered(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	switch strings.TrimSuffix(u.Host, ":"+u.Port()) {
	case "127.0.0.1", "[::1]", "localhost":
		return uri == u.Scheme+"://"+u.Host+"/callback"
	}
	return false
}

func (p *provider) back(c *hipflask.Context, name, value string) error {
	return c.Redirect(c.Query("redirect_uri") + "?" + url.Values{name: {value}, "state": {c.Query("state")}}.Encode())
}

// token changes a code, or a refresh token, into an access token.
func (p *provider) token(c *hipflask.Context) error {
	c.Header().Set("Cache-Control", "no-store")
	id, secret, _ := c.Request.BasicAuth()
	if id != p.clientID || subtle.ConstantTimeCompare([]byte(secret), []byte(p.secret)) != 1 {
		c.Header().Set("WWW-Authenticate", "Basic")
		return c.Status(401).JSON(hipflask.Data{"error": "invalid_client"})
	}
	var g grant
	var ok bool
	refresh := c.Form("refresh_token")
	switch c.Form("grant_type") {
	case "authorization_code":
		g, ok = p.find("code", c.Form("code"), true) // whatever follows, it is used up
		challenge := oauth2.S256ChallengeFromVerifier(c.Form("code_verifier"))
		ok = ok && c.Form("redirect_uri") == g.redirectURI &&
			subtle.ConstantTimeCompare([]byte(challenge), []byte(g.challenge)) == 1
		if ok {
			refresh = p.issue(grant{kind: "refresh", user: g.user, until: p.now().Add(24 * time.Hour)})
		}
	case "refresh_token":
		g, ok = p.find("refresh", refresh, false)
	default:
		return c.Status(400).JSON(hipflask.Data{"error": "unsupported_grant_type"})
	}
	if !ok {
		return c.Status(400).JSON(hipflask.Data{"error": "invalid_grant"})
	}
	return c.JSON(hipflask.Data{
		"access_token":  p.issue(grant{kind: "access", user: g.user, until: p.now().Add(p.lifetime)}),
		"token_type":    "Bearer",
		"expires_in":    int(p.lifetime.Seconds()),
		"refresh_token": refresh,
	})
}

// userinfo is the API.
func (p *provider) userinfo(c *hipflask.Context) error {
	const scheme = "Bearer "
	header := c.Request.Header.Get("Authorization")
	if len(header) > len(scheme) && header[:len(scheme)] == scheme {
		if g, ok := p.find("access", header[len(scheme):], false); ok {
			return c.JSON(users[g.user])
		}
	}
	return hipflask.Error(401, "The token is missing or has expired.").WithHeader("WWW-Authenticate", "Bearer")
}

// issue keeps a grant, and forgets those that have expired.
func (p *provider) issue(g grant) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text, old := range p.grants {
		if !p.now().Before(old.until) {
			delete(p.grants, text)
		}
	}
	text := rand.Text()
	p.grants[text] = g
	return text
}

func (p *provider) find(kind, text string, once bool) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.grants[text]
	if !ok || g.kind != kind || !p.now().Before(g.until) {
		return grant{}, false
	}
	if once {
		delete(p.grants, text)
	}
	return g, true
}
