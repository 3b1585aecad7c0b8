package hipflask_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

// One block of a page, for a script such as htmx that replaces a part of it.
func ExampleContext_RenderBlock() {
	app := hipflask.New("blocks")
	app.Config.Root = fstest.MapFS{
		"templates/page.html": {Data: []byte(`<h1>Rows</h1>{{block "row" .}}<tr><td>{{.name}}</td></tr>{{end}}`)},
	}
	app.Get("/row", func(c *hipflask.Context) error {
		return c.RenderBlock("page.html", "row", hipflask.Data{"name": "a & b"})
	})
	show(app, "GET", "/row")

	// Output:
	// GET /row 200 <tr><td>a &amp; b</td></tr>
}

const cartPage = `{{- /* a comment, and dashes that trim white space */ -}}
{{define "price"}}{{printf "%.2f" .}} EUR{{end -}}
{{with .cart}}{{$n := len .}}{{$n}} {{if eq $n 1}}thing{{else}}things{{end}}:
{{- range .}} {{.Name | upper}} for {{template "price" .Price}};{{end}}{{end}}
{{.missing}}{{.missing.too}}{{.missing | default "nothing is missing"}}
{{url_for "cart" "page" 2}} {{request.Method}} {{config.DEBUG}}{{session.name}}{{g.user}}
{{template "footer.html" .}}`

// What Jinja has for pages, in html/template: variables, with, macros, includes,
// filters, and Flask's own names.
func ExampleContext_RenderString() {
	type item struct {
		Name  string
		Price float64
	}
	app := hipflask.New("cart")
	app.Config.Root = fstest.MapFS{"templates/footer.html": {Data: []byte("<footer>{{len .cart}}</footer>")}}
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(cartPage, hipflask.Data{"cart": []item{{"tea", 2.5}}})
	}).Name("cart")
	show(app, "GET", "/")

	// Output:
	// GET / 200 1 thing: TEA for 2.50 EUR;
	// nothing is missing
	// /?page=2 GET false
	// <footer>1</footer>
}

// The handler of 500 finds the cause with errors.Is. It also gets what another
// handler failed with, and a handler that forgot its reply.
func ExampleApp_ErrorHandler() {
	app := hipflask.New("failures")
	app.Config.Logger = slog.New(slog.DiscardHandler)
	broken := errors.New("the 404 page is broken")
	app.Get("/fails", func(c *hipflask.Context) error { return errors.New("disk full") })
	app.Get("/forgets", func(c *hipflask.Context) error { return nil })
	app.ErrorHandler(404, func(c *hipflask.Context, err error) error { return broken })
	app.ErrorHandler(500, func(c *hipflask.Context, err error) error {
		var failure *hipflask.HTTPError
		errors.As(err, &failure)
		return c.Text(fmt.Sprintf("%d; no reply: %t; broken page: %t",
			failure.Code, errors.Is(err, hipflask.ErrNoReply), errors.Is(err, broken)))
	})
	for _, path := range []string{"/fails", "/forgets", "/nowhere"} {
		show(app, "GET", path)
	}

	// Output:
	// GET /fails 500 500; no reply: false; broken page: false
	// GET /forgets 500 500; no reply: true; broken page: false
	// GET /nowhere 500 500; no reply: false; broken page: true
}

// A blueprint with a prefix has its own 404 page for all that is below it.
func ExampleBlueprint_ErrorHandler() {
	api := hipflask.NewBlueprint("api", "/api")
	api.Get("/users", func(c *hipflask.Context) error { return c.JSON([]string{"Ada"}) })
	api.ErrorHandler(404, func(c *hipflask.Context, err error) error {
		return c.JSON(hipflask.Data{"error": "there is no such thing"})
	})
	app := hipflask.New("site")
	app.ErrorHandler(404, func(c *hipflask.Context, err error) error { return c.Text("the site's page") })
	app.Register(api)
	show(app, "GET", "/api/nothing")
	show(app, "GET", "/nothing")

	// Output:
	// GET /api/nothing 404 {"error":"there is no such thing"}
	// GET /nothing 404 the site's page
}

// A blueprint brings its files and pages, and those of the App go before them.
func ExampleBlueprint_Templates() {
	files := fstest.MapFS{
		"shop/index.html": {Data: []byte(`shop with {{url_for ".static" "filename" "cart.css"}}`)},
		"shop/cart.html":  {Data: []byte("the shop's cart")},
	}
	shop := hipflask.NewBlueprint("shop", "/shop")
	shop.Templates(files)
	shop.Static("/static", fstest.MapFS{"cart.css": {Data: []byte("b {}")}})
	shop.Get("/", func(c *hipflask.Context) error { return c.Render("shop/index.html", nil) }).Name("index")
	shop.Get("/cart", func(c *hipflask.Context) error { return c.Render("shop/cart.html", nil) }).Name("cart")

	app := hipflask.New("site")
	app.Config.Root = fstest.MapFS{"templates/shop/cart.html": {Data: []byte("the site's cart")}}
	app.Register(shop)
	show(app, "GET", "/shop/")
	show(app, "GET", "/shop/cart")
	show(app, "GET", "/shop/static/cart.css")

	// Output:
	// GET /shop/ 200 shop with /shop/static/cart.css
	// GET /shop/cart 200 the site's cart
	// GET /shop/static/cart.css 200 b {}
}

var language = hipflask.NewKey[string]("lang")

// A language in front of all rules, read once and put into every URL.
func ExampleBlueprint_URLDefaults() {
	pages := hipflask.NewBlueprint("pages", "/<lang>")
	pages.URLValuePreprocessor(func(c *hipflask.Context) { language.Set(c, c.Param("lang")) })
	pages.URLDefaults(func(c *hipflask.Context, endpoint string, values hipflask.Data) {
		if lang, ok := language.Get(c); ok {
			values["lang"] = lang
		}
	})
	pages.Get("/about", func(c *hipflask.Context) error { return c.Text("über uns") }).Name("about")
	pages.Get("/", func(c *hipflask.Context) error { return c.RedirectTo(".about") }).Name("index")
	app := hipflask.New("site")
	app.Register(pages)
	show(app, "GET", "/de/")

	// Output:
	// GET /de/ 302 /de/about
}

// Logger is Flask's app.logger. An error that nobody handled is logged there too,
// with what was asked.
func ExampleApp_Logger() {
	app := hipflask.New("log")
	app.Config.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	app.Get("/<name>", func(c *hipflask.Context) error {
		c.App().Logger().Warn("low on disk", "free", 7)
		return errors.New("disk full")
	}).Name("save")
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))

	// Output:
	// level=WARN msg="low on disk" free=7
	// level=ERROR msg="unhandled error" method=GET path=/x error="disk full" route=/<name> endpoint=save
}

// Flask's keys, as a file or the environment would say them, and what they are
// here. A switch that is on by default is turned round, so that the zero Config
// is the good one.
func ExampleConfig_keys() {
	app := hipflask.New("keys")
	if err := app.Config.FromMap(map[string]any{
		"TESTING":                      true,
		"SESSION_COOKIE_HTTPONLY":      false,
		"SESSION_COOKIE_SAMESITE":      "Strict",
		"SESSION_REFRESH_EACH_REQUEST": false,
		"PROVIDE_AUTOMATIC_OPTIONS":    false,
		"MAX_COOKIE_SIZE":              2000,
	}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.Config.Testing)
	fmt.Println(app.Config.DisableSessionCookieHTTPOnly, app.Config.SessionCookieSameSite, app.Config.DisableSessionRefresh)
	fmt.Println(app.Config.DisableAutomaticOptions, app.Config.MaxCookieSize)

	// Keys of one kind are one map: Flask's get_namespace.
	os.Setenv("MYAPP_MAIL__SERVER", "mail.example.com")
	os.Setenv("MYAPP_MAIL__PORT", "25")
	defer os.Unsetenv("MYAPP_MAIL__SERVER")
	defer os.Unsetenv("MYAPP_MAIL__PORT")
	if err := app.Config.FromEnv("MYAPP"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.Config.Get("MAIL"))

	err := app.Config.FromMap(map[string]any{"USE_X_SENDFILE": true})
	fmt.Println(strings.HasPrefix(err.Error(), "hipflask: Config.FromMap: USE_X_SENDFILE"))

	// Output:
	// true
	// true 3 true
	// true 2000
	// map[PORT:25 SERVER:mail.example.com]
	// true
}
