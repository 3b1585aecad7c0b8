package main

import (
	"crypto/rand"
	"crypto/subtle"
	"io/fs"
	"net/url"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
	"golang.org/x/oauth2"
)

// provider is a small OAuth 2 provider to try the program with. It takes everybody's
// word for who they are, so it is for nothing else.
type provider struct {
	clientID, secret, redirectURI string
	lifetime                      time.Duration // of a token
	now                           func() time.Time

	mu     sync.Mutex
	grants map[string]grant // by code, access token or refresh token
}

// grant is what a code or a token stands for.
type grant struct {
	kind, user, challenge string
	until                 time.Time
}

var users = map[string]hipflask.Data{
	"ada":   {"name": "Ada Lovelace", "email": "ada@example.com"},
	"grace": {"name": "Grace Hopper", "email": "grace@example.com"},
}

func newProvider(redirectURI string) *provider {
	return &provider{
		clientID: "demo", secret: rand.Text(), redirectURI: redirectURI,
		lifetime: time.Minute, now: time.Now, grants: map[string]grant{},
	}
}

// client returns the settings of the one client that the provider at base has.
func (p *provider) client(base string) client {
	return client{oauth2.Config{
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

// authorize asks the visitor, and sends them back with a code. The form keeps the
// query of the page, so that both requests are checked alike.
func (p *provider) authorize(c *hipflask.Context) error {
	// Never redirect before these two are right.
	if c.Query("client_id") != p.clientID {
		return hipflask.Error(400, "There is no such client_id.")
	}
	if c.Query("redirect_uri") != p.redirectURI {
		return hipflask.Error(400, "The redirect_uri is not the one that is registered: "+p.redirectURI)
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
	return p.back(c, "code", p.issue(grant{"code", user, c.Query("code_challenge"), p.now().Add(time.Minute)}))
}

func (p *provider) back(c *hipflask.Context, name, value string) error {
	return c.Redirect(p.redirectURI + "?" + url.Values{name: {value}, "state": {c.Query("state")}}.Encode())
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
		ok = ok && c.Form("redirect_uri") == p.redirectURI &&
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
