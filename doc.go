// Package hipflask is a small web framework that copies Flask's API: routes,
// templates, sessions and flash messages under the names that Flask's users
// know. It stands on net/http: an [App] is an http.Handler, and its middleware
// is func(http.Handler) http.Handler.
//
//	package main
//
//	import (
//		"log"
//
//		"github.com/hipflask/hipflask"
//	)
//
//	func main() {
//		app := hipflask.New("hello")
//		app.Get("/", index)
//		app.Get("/hello/<name>", hello)
//		if err := app.Run(); err != nil {
//			log.Fatal(err)
//		}
//	}
//
//	func index(c *hipflask.Context) error {
//		return c.RedirectTo("hello", "name", "World")
//	}
//
//	func hello(c *hipflask.Context) error {
//		return c.HTML("<p>Hello, %s!</p>", c.Param("name"))
//	}
//
// The program serves on http://127.0.0.1:5000 until it is interrupted.
//
// # Routes
//
// A rule is Flask's. Text in angle brackets is a variable, with a converter in
// front of a colon; [App.Route] has the list. Rules need no order: at each part
// of a path, literal text goes before variables.
//
//	/post/<int:id>       /post/7 but not /post/seven
//	/user/<name>         /user/ada but not /user/ada/posts
//	/wiki/<path:page>    /wiki/go and /wiki/go/net/http
//	/projects/           and /projects is redirected here
//	/about               but not /about/
//
// [App.Get], [App.Post] and their kind take one method, [App.Route] a list.
// HEAD and OPTIONS are answered by themselves; a path that exists for another
// method only is 405.
//
// Each route has an endpoint, a name for building its URL: that of the handler's
// function, or what [Route.Name] says. [Context.URLFor] builds URLs, and so does
// url_for in templates and [Context.RedirectTo]. What is misspelt there is a
// [BuildError] that names the closest endpoint.
//
//	c.URLFor("hello", "name", "Ada")             // /hello/Ada
//	c.URLFor("hello", "name", "Ada", "page", 2)  // /hello/Ada?page=2
//
// # Requests and replies
//
// A handler gets a [Context], one request and its reply. What Flask keeps in
// globals is here: [Context.Param], [Context.Query], [Context.Form],
// [Context.File] and [Context.BindJSON] read the request, and Context.Request
// is net/http's own, for headers, cookies and the rest. A [Key] takes the place
// of g: a value that hooks leave for handlers, with its type.
//
// The other half prepares the reply: [Context.Render], [Context.HTML],
// [Context.Text], [Context.JSON], [Context.Redirect] and so on, each to be
// returned. Prepare is the word: nothing is sent before the handler has
// returned, the hooks of [App.AfterRequest] have run and the session is in the
// header. So a session changes at any time, a page that fails halfway is a
// clean 500, and a hook may still change everything.
//
// [Context.Writer] is the exception, for streams, and [Context.Stream] for pages
// that are sent while they are made: the first byte makes all of this final.
//
// # Errors
//
// A handler returns an error as any Go function does. An [HTTPError] says which
// status it wants and what the visitor may know:
//
//	return hipflask.Abort(404)
//	return hipflask.Error(404, "There is no such post.").Wrap(err)
//
// Any other error, and a panic, is a 500 that tells the visitor nothing and the
// log everything. [App.ErrorHandler] replaces the page of a status, [OnError]
// answers for a type of error. Both begin with the error's status already set.
//
// # Blueprints
//
// A [Blueprint] is a part of an application that is written apart: it takes
// routes, hooks and error handlers like an App, and [App.Register] puts all of
// it under a prefix. Its endpoints begin with its name, "admin.index", and
// ".index" is enough within it.
//
//	admin := hipflask.NewBlueprint("admin", "/admin")
//	admin.BeforeRequest(requireStaff)
//	admin.Get("/", adminIndex)
//	app.Register(admin)
//
// # Session and flash
//
// [Context.Session] is what the App remembers of a visitor between requests.
// Values are copied in and out as JSON.
//
//	c.Session().Set("user_id", 7)
//	id := c.Session().GetInt("user_id")
//
// It is kept in a signed cookie, which the visitor can read and cannot change; that
// needs Config.SecretKey. With Config.SessionStore it is kept elsewhere:
// [ServerSessions] keeps it in a database and only an id in the cookie, without a
// key, and [SessionStore] is the interface for a place of your own. In any of them
// Config.SessionsValidSince signs a user out everywhere.
//
// [Context.Flash] leaves a message for the next page that shows messages,
// usually the one a form redirects to.
//
// # Templates
//
// Pages are files of html/template in the folder templates. A page extends a
// layout and fills its blocks:
//
//	{{extends "layout.html"}}
//	{{define "title"}}Home - {{super}}{{end}}
//	{{define "content"}}
//	  {{range get_flashed_messages}}<p>{{.}}</p>{{end}}
//	  <h1>Hello, {{with session.name}}{{.}}{{else}}Stranger{{end}}!</h1>
//	  <a href="{{url_for "hello" "name" "Ada"}}">Ada</a>
//	{{end}}
//
// Every page can call session, get_flashed_messages, url_for, request, g and
// config, the functions of sprig that only compute, and what [App.TemplateFunc]
// adds. The values given to [Context.Render] and those of every
// [App.ContextProcessor] are fields: {{.name}}. In a page of [Context.Stream],
// {{flush}} sends what it has so far. Pages that are no templates, such as templ's,
// are a [Component].
//
// # Uploads, and what a client takes
//
// [Context.File] is an uploaded file and [SaveFile] writes it, under a name of
// yours or one that [SecureFilename] made harmless; Config.MaxContentLength bounds
// what a request may bring. [AcceptLanguages], [AcceptMimetypes] and their kind
// choose what a client likes best.
//
// # Views, hosts and signals
//
// [App.View] registers a type with a method for each of HTTP's, Flask's class-based
// view. [Route.Host] binds a route to a host, and may have variables of its own. A
// [Signal] tells parts of a program what happened in a request.
//
// # Static files
//
// The folder static is served under /static, with the endpoint "static":
// {{url_for "static" "filename" "style.css"}}. [App.Static] serves another
// folder, [Context.SendFile] one file.
//
// Both folders are looked for beside the source file that called [New], or
// beside the executable. For a program that is one file, embed them:
//
//	//go:embed templates static
//	var files embed.FS
//
//	app.Config.Root = files
//
// # Configuration
//
// [Config] has Flask's keys as fields, whose zero values are good defaults, and
// keys of your own. [Config.FromEnv], [Config.FromDotEnv] and [Config.FromFile]
// load them under Flask's names:
//
//	app.Config.PermanentSessionLifetime = 7 * 24 * time.Hour
//	err := app.Config.FromEnv("MYAPP") // MYAPP_SECRET_KEY=...
//
// # Running
//
// Setup ends with the first request, or with [App.Check] or [App.Run]; a route
// added later panics. Check returns every mistake it finds, those in
// templates too. Run checks, listens on 127.0.0.1:5000 unless HIPFLASK_RUN_HOST
// and HIPFLASK_RUN_PORT say otherwise, and waits for open requests when it is
// told to stop. HIPFLASK_DEBUG=1 turns on Config.Debug: pages are read again
// when they change, and errors show in the browser.
//
// [App.Main] in its place makes the program what the flask command is: run with
// its options, routes, and the commands that [App.Command] adds.
//
// A form that another site sends in a visitor's name is refused, by
// [net/http.CrossOriginProtection]; Config.TrustedOrigins lists exceptions.
//
// Behind a proxy, Config.TrustedProxies says how many of its headers to believe:
// without it the visitor's address and the scheme are the proxy's.
//
// # Beside and before Flask
//
// An application can move route by route. [App.Fallback] takes a handler for what
// has no route, and [ProxyTo] is one: it passes the request on to the Flask
// application, which goes on running behind this one. With package
// [github.com/hipflask/hipflask/flaskcompat] both read and write one session cookie,
// and the same password hashes.
//
//	app.Config.SessionStore = flaskcompat.NewSessionStore()
//	app.Fallback(hipflask.ProxyTo("http://127.0.0.1:8000"))
//
// # Testing
//
// Package [github.com/hipflask/hipflask/hipflasktest] is Flask's test client: a
// visitor with cookies who follows redirects and whose session a test can open.
package hipflask
