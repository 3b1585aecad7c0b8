package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/hipflask/hipflask"
)

// Behind one proxy that sets its headers, an App sees what the proxy saw. What
// a visitor writes into such a header stands further left and does not count.
func ExampleTrustedProxies() {
	app := hipflask.New("behind")
	app.Config.TrustedProxies = hipflask.TrustedProxies{
		For: 1, Proto: 1, Host: 1,
		Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	app.Get("/whoami", func(c *hipflask.Context) error {
		return c.Text(c.RemoteAddr() + " asked for " + c.URL().String())
	}).Name("whoami")

	r := httptest.NewRequest("GET", "/whoami?q=1", nil)
	r.RemoteAddr = "10.0.0.9:4000" // the proxy
	r.Header.Set("X-Forwarded-For", "127.0.0.1, 203.0.113.7")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Host", "example.com")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)

	// Output:
	// 203.0.113.7 asked for https://example.com/whoami?q=1
}

func ExampleConfig_trustedHosts() {
	app := hipflask.New("hosts")
	app.Config.TrustedHosts = []string{"example.com", ".example.org"}
	app.Get("/", func(c *hipflask.Context) error { return c.Text("welcome") }).Name("index")

	for _, host := range []string{"example.com:8080", "shop.example.org", "evil.com"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "http://"+host+"/", nil))
		fmt.Println(host, w.Code)
	}

	// Output:
	// example.com:8080 200
	// shop.example.org 200
	// evil.com 400
}

func ExampleContext_URL() {
	app := hipflask.New("urls")
	c := app.NewContext(nil, httptest.NewRequest("GET", "http://example.com/search?q=go&page=2", nil))
	base := c.URL()
	base.RawQuery = ""
	fmt.Println("request.url      ", c.URL())
	fmt.Println("request.base_url ", base)
	fmt.Println("request.scheme   ", c.URL().Scheme)
	fmt.Println("request.host     ", c.URL().Host)
	fmt.Println("request.full_path", c.URL().RequestURI())

	// Output:
	// request.url       http://example.com/search?q=go&page=2
	// request.base_url  http://example.com/search
	// request.scheme    http
	// request.host      example.com
	// request.full_path /search?q=go&page=2
}

func ExampleContext_RemoteAddr() {
	app := hipflask.New("address")
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "203.0.113.7:51000"
	fmt.Println(app.NewContext(nil, r).RemoteAddr())

	// Output:
	// 203.0.113.7
}

func ExampleContext_QueryValues() {
	app := hipflask.New("tags")
	c := app.NewContext(nil, httptest.NewRequest("GET", "/?tag=go&tag=web&all", nil))
	fmt.Println(c.QueryValues()["tag"])
	fmt.Println(c.QueryValues().Has("all"), c.QueryValues().Has("none"))

	// Output:
	// [go web]
	// true false
}

func ExampleContext_QueryInt() {
	app := hipflask.New("pages")
	for _, target := range []string{"/?page=3", "/?page=x", "/"} {
		c := app.NewContext(nil, httptest.NewRequest("GET", target, nil))
		fmt.Println(c.QueryInt("page", 1))
	}

	// Output:
	// 3
	// 1
	// 1
}

func ExampleContext_FormValues() {
	app := hipflask.New("toppings")
	r := httptest.NewRequest("POST", "/", strings.NewReader("topping=cheese&topping=olives"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	fmt.Println(app.NewContext(nil, r).FormValues()["topping"])

	// Output:
	// [cheese olives]
}

// Uploads may be large, everything else small.
func ExampleRoute_MaxContentLength() {
	app := hipflask.New("limits")
	app.Config.MaxContentLength = 1 << 10
	name := func(c *hipflask.Context) error { return c.Text(fmt.Sprint(len(c.Form("name")), " bytes")) }
	app.Post("/name", name).Name("name")
	app.Post("/story", name).Name("story").MaxContentLength(64 << 10)

	for _, path := range []string{"/name", "/story"} {
		r := httptest.NewRequest("POST", path, strings.NewReader("name="+strings.Repeat("x", 5000)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(path, w.Code)
	}

	// Output:
	// /name 413
	// /story 200
}
