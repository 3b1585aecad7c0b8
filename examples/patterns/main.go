// Patterns is a small site about tea with the patterns of Flask's documentation
// that mean something in Go, each in a file named after it. The guides in
// docs/guides quote it.
//
//	go run ./examples/patterns
//
// and open http://127.0.0.1:5000.
package main

import (
	"embed"
	"log"
	"os"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/examples/patterns/news"
)

//go:embed templates static
var files embed.FS

func main() {
	app, err := newApp(nil)
	if err != nil {
		log.Fatal(err)
	}
	app.Main()
}

// newApp is the application factory. Tests give it the configuration they need,
// which wins over every other.
func newApp(testConfig map[string]any) (*hipflask.App, error) {
	app := hipflask.New("patterns")
	app.Config.Root = files
	if err := loadConfig(app, testConfig); err != nil {
		return nil, err
	}
	if app.Config.Get("LOG_FORMAT") == "json" {
		logAsJSON(app, os.Stderr)
	}
	users := newAccounts(app)
	app.Config.SessionsValidSince = users.validSince

	app.Use(methodOverride)
	app.AfterRequest(securityHeaders)
	hipflask.OnError(app, errorPage)

	app.TemplateFunc("euro", euro)
	app.TemplateFunc("is_active", isActive)
	app.ContextProcessor(func(c *hipflask.Context) hipflask.Data {
		return hipflask.Data{"site": "Tea", "year": time.Now().Year()}
	})

	app.Redirect("/favicon.ico", "/static/favicon.svg")
	app.Get("/", index)
	app.Get("/teas.csv", export)
	app.Get("/progress", progress)
	app.Post("/count", countLines).MaxContentLength(1 << 30)
	app.Get("/report", report).Wrap(cached(time.Minute))
	app.Route("/register", users.register, "GET", "POST")
	app.Route("/login", users.login, "GET", "POST")
	app.Post("/logout", users.logout)
	app.Register(users.newBlueprint())
	app.Get("/staff", staff).Wrap(users.Required, users.needsRole("staff"))
	app.Get("/theme/<any(light, dark):name>", theme)

	app.Get("/basket", showBasket)
	app.Post("/basket/<tea>", addToBasket)
	app.Post("/checkout", checkout)

	r := &reviews{}
	app.Get("/reviews", r.listReviews)
	app.Route("/reviews/new", r.addReview, "GET", "POST").MaxContentLength(5 << 20)
	app.Get("/pictures/<name>", showPicture)

	app.Route("/uploads", uploads, "GET", "POST").MaxContentLength(5 << 20)
	app.Get("/uploads/<name>", showUpload)

	app.Get("/app/", singlePage)
	app.Get("/app/<path:view>", singlePage)
	app.Register(newAPI())
	app.Register(newPages())

	app.Register(news.New())
	app.Register(news.New()).Name("archive").Prefix("/archive")
	return app, nil
}

// securityHeaders sets what a page can do without knowing the site. Static files
// and error pages have it too.
func securityHeaders(c *hipflask.Context) error {
	c.Header().Set("X-Content-Type-Options", "nosniff")
	c.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
	c.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
	return nil
}

// isActive tells the layout which entry of the menu the visitor is at.
func isActive(c *hipflask.Context, endpoint string) bool {
	return c.Route() != nil && c.Route().Endpoint() == endpoint
}
