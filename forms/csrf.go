package forms

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// Tokens against forms of other sites, for browsers that do not say where a request comes
// from. The App's own check needs none and stays on.

// CSRFConfig is what [NewCSRF] takes. Its zero value is Flask-WTF's defaults.
type CSRFConfig struct {
	// TimeLimit is how long a token is good: WTF_CSRF_TIME_LIMIT. Zero means an
	// hour, negative as long as the session.
	TimeLimit time.Duration

	// FieldName is the form's field and the session's key: WTF_CSRF_FIELD_NAME.
	// Empty means csrf_token.
	FieldName string

	// Headers are where a script may put the token: WTF_CSRF_HEADERS. Nil means
	// X-CSRFToken and X-CSRF-Token.
	Headers []string

	// Manual leaves requests alone until [CSRF.Protect] is called:
	// WTF_CSRF_CHECK_DEFAULT = False.
	Manual bool

	// Disabled turns the check off, as for tests: WTF_CSRF_ENABLED = False, which
	// as a key of app.Config does the same. Tokens are made all the same.
	Disabled bool
}

// CSRF asks requests for a token. It is Flask-WTF's CSRFProtect.
type CSRF struct {
	cfg        CSRFConfig
	endpoints  []string
	blueprints []string
	now        func() time.Time
	checked    sync.Once
}

// CSRFError is why a token was refused, in Flask-WTF's words. The reply is 400 with
// that text; OnError[*forms.CSRFError] replaces it, if the App has no handler of 400.
// It is Flask-WTF's CSRFError.
type CSRFError struct{ Reason string }

// Error returns the reason.
func (e *CSRFError) Error() string { return e.Reason }

// NewCSRF makes an App refuse a POST, PUT, PATCH or DELETE without a good token, before
// its handler runs: in the form's field csrf_token, which [Form.HiddenTag] writes, or
// in the header X-CSRFToken, which goes first. Pages get the function csrf_token:
//
//	<input type="hidden" name="csrf_token" value="{{csrf_token}}">
//
// A token belongs to a visitor's session and is signed with a key made from
// Config.SecretKey; SecretKeyFallbacks are accepted. A request that no route answers is
// left alone, and a header spares reading the body. A page that is streamed must not be
// the first to ask for a token, since its session cannot change any more.
//
// NewCSRF panics when called twice for one App.
func NewCSRF(app *hipflask.App, cfg CSRFConfig) *CSRF {
	if cfg.FieldName == "" {
		cfg.FieldName = "csrf_token"
	}
	if cfg.TimeLimit == 0 {
		cfg.TimeLimit = time.Hour
	}
	if cfg.Headers == nil {
		cfg.Headers = []string{"X-CSRFToken", "X-CSRF-Token"}
	}
	csrf := &CSRF{cfg: cfg, now: time.Now}
	s, ok := app.Config.Get(settingsKey).(*settings)
	if !ok {
		s = &settings{}
		app.Config.Set(settingsKey, s)
	}
	if s.csrf != nil {
		panic("forms: NewCSRF was called before for this App")
	}
	s.csrf = csrf
	app.TemplateFunc("csrf_token", csrf.token)
	app.BeforeRequest(csrf.before)
	return csrf
}

// Exempt lets the routes of some endpoints do without a token, such as one that another
// program calls. It is Flask-WTF's csrf.exempt. It belongs to setup. The first request
// logs those that no route has.
func (csrf *CSRF) Exempt(endpoints ...string) *CSRF {
	csrf.endpoints = append(csrf.endpoints, endpoints...)
	return csrf
}

// ExemptBlueprint is [CSRF.Exempt] for all routes of blueprints, by name.
func (csrf *CSRF) ExemptBlueprint(names ...string) *CSRF {
	csrf.blueprints = append(csrf.blueprints, names...)
	return csrf
}

func (csrf *CSRF) before(c *hipflask.Context) error {
	csrf.checked.Do(func() { csrf.checkExempt(c.App()) })
	route := c.Route()
	switch {
	case csrf.cfg.Manual, csrf.cfg.Disabled, c.App().Config.Get("WTF_CSRF_ENABLED") == false, route == nil:
		return nil
	case slices.Contains(csrf.endpoints, route.Endpoint()), slices.Contains(csrf.blueprints, route.Blueprint()):
		return nil
	}
	return csrf.Protect(c)
}

// checkExempt logs what is exempt and not there, which is misspelt: the route that was
// meant asks for a token.
func (csrf *CSRF) checkExempt(app *hipflask.App) {
	endpoints, blueprints := map[string]bool{}, map[string]bool{}
	for _, r := range app.Routes() {
		endpoints[r.Endpoint] = true
		for i, b := range r.Endpoint {
			if b == '.' {
				blueprints[r.Endpoint[:i]] = true
			}
		}
	}
	for _, name := range csrf.endpoints {
		if !endpoints[name] {
			app.Logger().Warn("forms: Exempt: no route has this endpoint", "endpoint", name)
		}
	}
	for _, name := range csrf.blueprints {
		if !blueprints[name] {
			app.Logger().Warn("forms: ExemptBlueprint: no blueprint with routes has this name", "blueprint", name)
		}
	}
}

// Protect returns an error of 400 if the request needs a token and has no good one, and
// that of a form which could not be read, such as 413. It is for CSRFConfig.Manual;
// otherwise it ran already. It is Flask-WTF's csrf.protect.
func (csrf *CSRF) Protect(c *hipflask.Context) error {
	if !slices.Contains(submitMethods, c.Request.Method) {
		return nil
	}
	token := ""
	for _, name := range csrf.cfg.Headers {
		if token == "" {
			token = c.Request.Header.Get(name)
		}
	}
	if token == "" {
		var err error
		if token, err = requireForm(c, csrf.cfg.FieldName); err != nil {
			return err
		}
	}
	reason, err := csrf.refuse(c, token)
	switch {
	case err != nil:
		return err
	case reason != "":
		return hipflask.Error(http.StatusBadRequest, reason).Wrap(&CSRFError{reason})
	}
	return nil
}

// refuse returns why a token is not good, or "".
func (csrf *CSRF) refuse(c *hipflask.Context, token string) (reason string, err error) {
	if token == "" {
		return "The CSRF token is missing.", nil
	}
	secret := c.Session().GetString(csrf.cfg.FieldName)
	if secret == "" {
		return "The CSRF session token is missing.", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size {
		return "The CSRF token is invalid.", nil
	}
	cfg := &c.App().Config
	good := false
	for _, key := range append([]string{cfg.SecretKey}, cfg.SecretKeyFallbacks...) {
		if key == "" {
			continue
		}
		sum, err := sign(key, secret, raw[:8])
		if err != nil {
			return "", err
		}
		good = hmac.Equal(sum, raw[8:]) || good
	}
	if !good { // forged, or of another session, which a sum does not tell apart
		return "The CSRF tokens do not match.", nil
	}
	age := csrf.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(raw)), 0))
	if csrf.cfg.TimeLimit > 0 && age > csrf.cfg.TimeLimit {
		return "The CSRF token has expired.", nil
	}
	return "", nil
}

var tokenKey = hipflask.NewKey[string]("csrf_token")

// token returns the token of the request's session: Flask-WTF's generate_csrf.
func (csrf *CSRF) token(c *hipflask.Context) (string, error) {
	if token, ok := tokenKey.Get(c); ok {
		return token, nil
	}
	if c.App().Config.SecretKey == "" {
		return "", fmt.Errorf("forms: a csrf token needs a key: %w", hipflask.ErrNoSecretKey)
	}
	secret := c.Session().GetString(csrf.cfg.FieldName)
	if secret == "" {
		secret = rand.Text()
		c.Session().Set(csrf.cfg.FieldName, secret)
	}
	raw := binary.BigEndian.AppendUint64(nil, uint64(csrf.now().Unix()))
	sum, err := sign(c.App().Config.SecretKey, secret, raw)
	if err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(append(raw, sum...))
	tokenKey.Set(c, token)
	return token, nil
}

// CSRFToken returns the token of the request's session, for a reply that is no page: a
// JSON API, or a test. It is Flask-WTF's generate_csrf. The error is that of an App
// without [NewCSRF] or without a key.
func CSRFToken(c *hipflask.Context) (string, error) {
	csrf := settingsOf(c.App()).csrf
	if csrf == nil {
		return "", fmt.Errorf("forms: CSRFToken: the App has no tokens; call NewCSRF")
	}
	return csrf.token(c)
}

// sign is the sum of a session's secret and a time.
func sign(secretKey, secret string, issued []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(secretKey), nil, "hipflask/forms/csrf", 32)
	if err != nil {
		return nil, fmt.Errorf("forms: Config.SecretKey: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(issued)
	mac.Write([]byte(secret))
	return mac.Sum(nil), nil
}
