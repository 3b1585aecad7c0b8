package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// which answers with the rule that was chosen.
func which(c *hipflask.Context) error { return c.Text(c.Route().Rule()) }

// The order of registration does not decide: at each part of the path, literal
// text goes before a variable, and of variables the narrower one.
func ExampleRoute_Rule() {
	app := hipflask.New("precedence")
	app.Get("/<path:page>", which)
	app.Get("/<name>", which)
	app.Get("/<int:id>", which)
	app.Get("/create", which)
	app.Get("/<name>/edit", which)
	app.Get("/<name>.<any(png, jpg):kind>", which)

	for _, path := range []string{"/create", "/7", "/seven", "/ada/edit", "/ada/posts", "/cat.png", "/cat.gif"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, "is", w.Body)
	}
	// Output:
	// /create is /create
	// /7 is /<int:id>
	// /seven is /<name>
	// /ada/edit is /<name>/edit
	// /ada/posts is /<path:page>
	// /cat.png is /<name>.<any(png, jpg):kind>
	// /cat.gif is /<name>
}

func archive(c *hipflask.Context) error {
	return c.Text(fmt.Sprint("page ", c.ParamInt("page")))
}

// The first page has the short address, and only that one.
func ExampleRoute_Defaults() {
	app := hipflask.New("pages")
	app.Get("/archive/", archive).Defaults("page", 1)
	app.Get("/archive/page/<int:page>", archive)

	for _, path := range []string{"/archive/", "/archive/page/2", "/archive/page/1"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code == 200 {
			fmt.Println(path, w.Body)
			continue
		}
		fmt.Println(path, w.Code, w.Header().Get("Location"))
	}
	c := app.NewContext(nil, httptest.NewRequest("GET", "/archive/", nil))
	fmt.Println(c.URLFor("archive", "page", 1))
	fmt.Println(c.URLFor("archive", "page", 2))
	// Output:
	// /archive/ page 1
	// /archive/page/2 page 2
	// /archive/page/1 308 /archive/
	// /archive/ <nil>
	// /archive/page/2 <nil>
}

func ExampleRoute_StrictSlashes() {
	app := hipflask.New("slashes")
	app.Get("/folder/", which)
	app.Get("/file", which)
	app.Get("/either", which).StrictSlashes(false)

	for _, path := range []string{"/folder", "/file/", "/either", "/either/", "//file"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Printf("%s %d %q\n", path, w.Code, w.Header().Get("Location"))
	}
	// Output:
	// /folder 308 "/folder/"
	// /file/ 404 ""
	// /either 200 ""
	// /either/ 200 ""
	// //file 200 ""
}
