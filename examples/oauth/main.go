// Oauth signs a visitor in through an OAuth 2 provider, with the authorization
// code flow, a state and PKCE, and calls the provider's API with the token.
//
//	go run .
//
// and open http://127.0.0.1:5000. Without further settings the provider is a small
// one in this program, on a port of its own (provider.go). For a real one set
// CLIENT_ID, CLIENT_SECRET, AUTH_URL, TOKEN_URL, API_URL, perhaps SCOPES, and
// SECRET_KEY; at the provider, register http://127.0.0.1:5000/callback.
//
// The token is kept in the session, whose cookie is encrypted.
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
	"golang.org/x/oauth2"
)

//go:embed templates static provider
var files embed.FS

// signInTime is how long a visitor may take at the provider.
const signInTime = 10 * time.Minute

func main() {
	settings := &client{
		oauth: oauth2.Config{
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			Endpoint:     oauth2.Endpoint{AuthURL: os.Getenv("AUTH_URL"), TokenURL: os.Getenv("TOKEN_URL")},
			Scopes:       strings.Fields(os.Getenv("SCOPES")),
		},
		apiURL: os.Getenv("API_URL"),
	}
	app := newApp(settings, os.Getenv("SECRET_KEY"))
	if settings.oauth.ClientID == "" {
		defer demo(app, settings)()
	}
	app.Main()
}

// client is what this program is to the provider.
type client struct {
	oauth  oauth2.Config
	apiURL string
}

// pending is a sign-in that has begun, kept in the session of who began it.
type pending struct {
	State, Verifier, Next string
	Until                 time.Time
}

// newApp returns the program. It reads the settings with each request, and not yet.
func newApp(settings *client, key string) *hipflask.App {
	app := hipflask.New("oauth")
	app.Config.Root = files
	app.Config.SecretKey = key
	app.Config.SessionCookieEncrypt = true // there are tokens in it
	if key == "" {
		app.Config.SecretKey = rand.Text()
		app.Logger().Warn("SECRET_KEY is not set, so a restart signs everybody out")
	}
	app.Get("/", index)
	app.Post("/sign-in", settings.signIn)
	app.Get("/callback", settings.callback)
	app.Get("/profile", settings.profile)
	app.Post("/sign-out", signOut)
	return app
}

func index(c *hipflask.Context) error {
	return c.Render("index.html", hipflask.Data{"next": c.Query("next")})
}

// at returns the settings with the address that the provider sends visitors back
// to. The provider knows it too, and refuses any other.
func (s *client) at(c *hipflask.Context) (*oauth2.Config, error) {
	conf := s.oauth
	// One attempt: an exchange that is tried twice would use its code twice.
	conf.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	var err error
	conf.RedirectURL, err = c.URLFor("callback", "_external", true)
	return &conf, err
}

func (s *client) signIn(c *hipflask.Context) error {
	conf, err := s.at(c)
	if err != nil {
		return err
	}
	next := c.Form("next")
	if len(next) > 500 {
		next = "" // it has to fit into the cookie
	}
	p := pending{rand.Text(), oauth2.GenerateVerifier(), next, time.Now().Add(signInTime)}
	c.Session().Set("pending", p)
	return c.Redirect(conf.AuthCodeURL(p.State, oauth2.S256ChallengeOption(p.Verifier)))
}

func (s *client) callback(c *hipflask.Context) error {
	// 1. It is the answer to a question of this visitor. One that is not leaves the
	// question open: any page can send a visitor here with a state of its own.
	var p pending
	found := c.Session().Get("pending", &p)
	if !found || time.Now().After(p.Until) || subtle.ConstantTimeCompare([]byte(c.Query("state")), []byte(p.State)) != 1 {
		return hipflask.Error(400, "This sign-in was not begun here, or took too long. Please begin again.")
	}
	c.Session().Delete("pending") // it is answered once
	// 2. The provider may have said no.
	if code := c.Query("error"); code != "" {
		text := "The provider could not sign you in."
		if code == "access_denied" {
			text = "You did not allow the sign-in."
		}
		c.FlashAs("error", text)
		return c.RedirectTo("index")
	}
	// 3. Change the code into a token. The verifier shows that we asked for it.
	conf, err := s.at(c)
	if err != nil {
		return err
	}
	token, err := conf.Exchange(patient(c), c.Query("code"), oauth2.VerifierOption(p.Verifier))
	if err != nil {
		c.App().Logger().Warn("no token for the code", "error", err)
		c.FlashAs("error", "The provider did not confirm the sign-in. Please try again.")
		return c.RedirectTo("index")
	}
	// 4. Sign in, with a new session.
	c.Session().Clear()
	c.Session().Set("token", token)
	c.FlashAs("success", "You are signed in.")
	return c.SafeRedirect(p.Next, "/profile")
}

func (s *client) profile(c *hipflask.Context) error {
	var token oauth2.Token
	if !c.Session().Get("token", &token) {
		return toSignIn(c, "Please sign in first.")
	}
	conf, err := s.at(c)
	if err != nil {
		return err
	}
	// An expired token is refreshed, and the new one kept.
	fresh, err := conf.TokenSource(patient(c), &token).Token()
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
		return toSignIn(c, "Your sign-in has ended. Please sign in again.")
	} else if err != nil {
		return hipflask.Error(502, "The provider does not answer as it should.").Wrap(err)
	}
	if fresh.AccessToken != token.AccessToken {
		c.Session().Set("token", fresh)
	}
	profile, err := s.callAPI(patient(c), fresh)
	if errors.Is(err, errRefused) {
		return toSignIn(c, "Your sign-in has ended. Please sign in again.")
	} else if err != nil {
		return hipflask.Error(502, "The provider does not answer as it should.").Wrap(err)
	}
	c.Header().Set("Cache-Control", "no-store")
	return c.Render("profile.html", hipflask.Data{"profile": profile})
}

var errRefused = errors.New("the API refuses the token")

func (s *client) callAPI(ctx context.Context, token *oauth2.Token) (profile map[string]any, err error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.apiURL, nil)
	if err != nil {
		return nil, err
	}
	token.SetAuthHeader(req)
	req.Header.Set("Accept", "application/json")
	resp, err := httpClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case 200:
		err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&profile)
		return profile, err
	case 401:
		return nil, errRefused
	}
	return nil, fmt.Errorf("the API answers %s", resp.Status)
}

var httpClient = &http.Client{Timeout: 10 * time.Second}

// patient is the context for asking the provider, which has ten seconds.
func patient(c *hipflask.Context) context.Context {
	return context.WithValue(c.Request.Context(), oauth2.HTTPClient, httpClient)
}

func toSignIn(c *hipflask.Context, why string) error {
	c.Session().Delete("token")
	c.FlashAs("error", why)
	return c.RedirectTo("index", "next", c.Request.URL.RequestURI())
}

func signOut(c *hipflask.Context) error {
	c.Session().Clear()
	c.Flash("You are signed out.")
	return c.RedirectTo("index")
}
