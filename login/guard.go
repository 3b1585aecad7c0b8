package login

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/internal/localpath"
)

// Required is a decorator for [hipflask.Route.Wrap] that lets only signed-in users
// to a view: Flask-Login's login_required. Others get [Manager.Unauthorized]. An
// OPTIONS request passes, as in Flask-Login: browsers send it without cookies.
func (m *Manager[U]) Required(h hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		if c.Request.Method != http.MethodOptions {
			if _, ok, err := m.Load(c); err != nil {
				return err
			} else if !ok {
				return m.Unauthorized(c)
			}
		}
		return h(c)
	}
}

// FreshRequired is [Manager.Required] for what needs a fresh sign-in, such as a new
// password: Flask-Login's fresh_login_required. A user who was remembered, or found
// by RequestLoader, gets [Manager.NeedsRefresh].
func (m *Manager[U]) FreshRequired(h hipflask.HandlerFunc) hipflask.HandlerFunc {
	return m.Required(func(c *hipflask.Context) error {
		if c.Request.Method != http.MethodOptions && !m.LoginFresh(c) {
			return m.NeedsRefresh(c)
		}
		return h(c)
	})
}

// RequiredHook is [Manager.Required] as a hook, for a whole blueprint:
//
//	admin.BeforeRequest(users.RequiredHook)
//
// The login views pass, so that a stranger can get there: what their endpoint is, and
// whatever else has their path, such as a route for POST. One that is a whole URL is
// not on this site and does not. A hook of the App guards its static files, too.
func (m *Manager[U]) RequiredHook(c *hipflask.Context) error {
	if m.isLoginView(c) {
		return nil
	}
	return m.Required(func(*hipflask.Context) error { return nil })(c)
}

// isLoginView reports whether the request is one for a page that strangers are sent
// to. Those of other blueprints count too, as they need not be pages of theirs.
func (m *Manager[U]) isLoginView(c *hipflask.Context) bool {
	if isView(c, m.loginView(c)) {
		return true
	}
	elsewhere := func(view string) bool { // with a dot it is of its own blueprint, and not of this one
		return !strings.HasPrefix(view, ".") && isView(c, view)
	}
	for _, view := range m.BlueprintLoginViews {
		if elsewhere(view) {
			return true
		}
	}
	return elsewhere(m.LoginView)
}

// isView reports whether the request is for a view. Its host says nothing, since it
// is the visitor's word.
func isView(c *hipflask.Context, view string) bool {
	if view == "" {
		return false
	}
	if r := c.Route(); r != nil && r.Endpoint() == view {
		return true
	}
	location, err := viewURL(c, view)
	return err == nil && location.Host == "" && location.EscapedPath() == c.URL().EscapedPath()
}

// Unauthorized replies to a stranger: Flask-Login's unauthorized. That is
// UnauthorizedHandler's reply if there is one. Else LoginMessage is flashed, and
// the reply is a redirect to the login view with the page to return to in its next,
// as [Manager.Next] reads it. Without a login view, and for a client that prefers
// JSON to HTML, it is a 401.
//
// A page that was not asked for with GET is not one to return to, and so there is
// no next.
func (m *Manager[U]) Unauthorized(c *hipflask.Context) error {
	UserUnauthorized.Send(c, c.Request)
	if m.UnauthorizedHandler != nil {
		return m.UnauthorizedHandler(c)
	}
	return m.sendTo(c, m.loginView(c), m.LoginMessage, m.LoginMessageCategory)
}

// NeedsRefresh replies to a user whose sign-in is not fresh, as
// [Manager.Unauthorized] does to a stranger, with the fields for this:
// Flask-Login's needs_refresh.
func (m *Manager[U]) NeedsRefresh(c *hipflask.Context) error {
	user, _ := m.CurrentUser(c)
	UserNeedsRefresh.Send(c, user)
	if m.NeedsRefreshHandler != nil {
		return m.NeedsRefreshHandler(c)
	}
	return m.sendTo(c, m.RefreshView, m.NeedsRefreshMessage, m.NeedsRefreshMessageCategory)
}

// loginView is the view for the blueprint of the request.
func (m *Manager[U]) loginView(c *hipflask.Context) string {
	if r := c.Route(); r != nil {
		if view, ok := m.BlueprintLoginViews[r.Blueprint()]; ok && r.Blueprint() != "" {
			return view
		}
	}
	return m.LoginView
}

func (m *Manager[U]) sendTo(c *hipflask.Context, view, message, category string) error {
	if view == "" || prefersJSON(c.Request) {
		return hipflask.Abort(http.StatusUnauthorized)
	}
	location, err := viewURL(c, view)
	if err != nil {
		return err
	}
	if message != "" {
		if m.Localize != nil {
			message = m.Localize(c, message)
		}
		c.FlashAs(category, message)
	}
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		next := nextParam(location, c.URL())
		if m.UseSessionForNext {
			c.Session().Set(nextKey, next)
		} else {
			location.RawQuery = withNext(location.RawQuery, next)
		}
	}
	return c.Redirect(location.String())
}

// viewURL is the URL of a view: an endpoint, a path or a URL.
func viewURL(c *hipflask.Context, view string) (*url.URL, error) {
	if !strings.HasPrefix(view, "/") && !strings.HasPrefix(view, "http://") && !strings.HasPrefix(view, "https://") {
		built, err := c.URLFor(view)
		if err != nil {
			return nil, err
		}
		view = built
	}
	return url.Parse(view)
}

// nextParam is the page that was asked for, without its host if the login view is
// on the same one: Flask-Login's make_next_param.
func nextParam(location, asked *url.URL) string {
	if (location.Scheme == "" || location.Scheme == asked.Scheme) && (location.Host == "" || location.Host == asked.Host) {
		return asked.RequestURI()
	}
	return asked.String()
}

// withNext sets next in a query, and leaves the rest of it as it is.
func withNext(query, next string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(part, "="); part != "" && name != nextKey {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, nextKey+"="+url.QueryEscape(next)), "&")
}

// prefersJSON reports whether a client takes JSON rather than HTML, which no
// browser does for a page.
func prefersJSON(r *http.Request) bool {
	return hipflask.AcceptMimetypes(r).BestMatch("text/html", "application/json") == "application/json"
}

// Next returns the path to go to after a sign-in: the next that came with the form,
// in the query or in the session, if it is a path on this site, else that of the
// fallback, an endpoint with its values. It never leads to another site, whatever
// the visitor sent; what it takes for a path is what [hipflask.Context.SafeRedirect]
// does. Flask-Login leaves this to the program.
//
// A login form that posts to another address has {{.next}} in a hidden field.
func (m *Manager[U]) Next(c *hipflask.Context, fallback string, values ...any) (string, error) {
	target := m.sentNext(c)
	if localpath.Is(target) {
		return target, nil
	}
	return c.URLFor(fallback, values...)
}

// RedirectNext redirects to where [Manager.Next] says, and forgets the next of the
// session. Call it where the user has signed in:
//
//	return users.RedirectNext(c, "index")
func (m *Manager[U]) RedirectNext(c *hipflask.Context, fallback string, values ...any) error {
	target, err := m.Next(c, fallback, values...)
	if err != nil {
		return err
	}
	if m.UseSessionForNext {
		c.Session().Delete(nextKey)
	}
	return c.Redirect(target)
}

// sentNext is the next of the request, as it came.
func (m *Manager[U]) sentNext(c *hipflask.Context) string {
	if target := c.Form(nextKey); target != "" {
		return target
	}
	if target := c.Query(nextKey); target != "" {
		return target
	}
	if m.UseSessionForNext {
		return c.Session().GetString(nextKey)
	}
	return ""
}
