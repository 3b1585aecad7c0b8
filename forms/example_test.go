package forms_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
)

// ask sends a request to an App, a form if it is not nil, and prints the reply.
func ask(app *hipflask.App, method, path string, form url.Values) {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if location := w.Header().Get("Location"); location != "" {
		fmt.Println(w.Code, location)
		return
	}
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
}

// A struct is a form: the page shows it, and what was sent is in the struct once it is
// right.
func Example() {
	type comment struct {
		Name string `label:"Your name" validate:"required,max=20"`
		Text string `widget:"textarea" filter:"trim" validate:"required"`
		Send forms.Submit
	}
	app := newApp()
	app.Route("/comment", func(c *hipflask.Context) error {
		in := comment{Name: "Ada"}
		form := forms.New(c, &in)
		if form.ValidateOnSubmit() {
			c.Flash(in.Name + " says: " + in.Text)
			return c.Redirect("/")
		}
		return c.RenderString("{{.form.QuickForm}}", hipflask.Data{"form": form})
	}, "GET", "POST").Name("comment")

	ask(app, "GET", "/comment", nil)
	ask(app, "POST", "/comment", url.Values{"name": {"Ada"}, "text": {" Hello! "}, "send": {"y"}})

	// Output:
	// 200 <form method="post">
	// <div class="field"><label for="name">Your name</label> <input id="name" name="name" type="text" value="Ada" required maxlength="20"></div>
	// <div class="field"><label for="text">Text</label> <textarea id="text" name="text" required>
	// </textarea></div>
	// <div class="field"><button id="send" name="send" type="submit" value="y">Send</button></div>
	// </form>
	// 302 /
}

// What is wrong stands beside its field, with what the visitor typed.
func ExampleField_Row() {
	type order struct {
		Cups int `validate:"required,min=1,max=9" help:"Of 0.2 l."`
	}
	app := newApp()
	app.Post("/order", func(c *hipflask.Context) error {
		var in order
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		return c.RenderString(`{{(.form.Field "cups").Row "class" "narrow"}}`, hipflask.Data{"form": form})
	}).Name("order")

	ask(app, "POST", "/order", url.Values{"cups": {"many"}})

	// Output:
	// 200 <div class="field"><label for="cups">Cups</label> <input id="cups" name="cups" type="number" value="many" required min="1" max="9" aria-invalid="true" aria-describedby="cups--help cups--errors" class="narrow"><small id="cups--help">Of 0.2 l.</small><ul class="errors" id="cups--errors"><li>Not a valid integer value.</li></ul></div>
}

// With Bootstrap's classes; the page's layout has its style sheet.
func ExampleSetup() {
	app := newApp()
	forms.Setup(app, forms.Config{Theme: forms.Bootstrap5})
	type signup struct {
		Email string `widget:"email" validate:"required,email"`
	}
	app.Get("/signup", func(c *hipflask.Context) error {
		form := forms.New(c, &signup{})
		return c.RenderString(`{{(.form.Field "email").Row}}`, hipflask.Data{"form": form})
	}).Name("signup")

	ask(app, "GET", "/signup", nil)

	// Output:
	// 200 <div class="mb-3"><label for="email" class="form-label">Email</label> <input id="email" name="email" type="email" value="" required class="form-control"></div>
}

// member is a form that asks a database.
type member struct {
	Name string `validate:"required"`
}

// ValidateName is called when the name is right otherwise.
func (m *member) ValidateName(c *hipflask.Context, f *forms.Field) error {
	switch m.Name { // a query, with c.Request.Context()
	case "ada":
		return forms.Invalid("%(name)s is taken.", "name", m.Name)
	case "down":
		return fmt.Errorf("the database is down")
	}
	return nil
}

// A mistake of the visitor is a message; any other error is the request's, which the
// visitor is not told.
func ExampleInvalid() {
	app := newApp()
	app.Post("/join", func(c *hipflask.Context) error {
		var in member
		form := forms.New(c, &in)
		if form.ValidateOnSubmit() {
			return c.Text("Welcome, " + in.Name)
		}
		return c.Text(fmt.Sprint(form.Errors()))
	}).Name("join")
	app.ErrorHandler(500, func(c *hipflask.Context, err error) error { return c.Text("Please come again.") })

	for _, name := range []string{"eve", "ada", "", "down"} {
		ask(app, "POST", "/join", url.Values{"name": {name}})
	}

	// Output:
	// 200 Welcome, eve
	// 200 map[name:[ada is taken.]]
	// 200 map[name:[This field is required.]]
	// 500 Please come again.
}

// Choices that come from a database are set for each form, before it is checked.
func ExampleField_SetChoices() {
	type order struct {
		Tea int `widget:"select" validate:"required"`
	}
	app := newApp()
	app.Route("/order", func(c *hipflask.Context) error {
		var in order
		form := forms.New(c, &in)
		form.Field("tea").SetChoices(
			forms.Choice{Value: 7, Label: "Assam"},
			forms.Choice{Value: 8, Label: "Sencha"},
		)
		if form.ValidateOnSubmit() {
			return c.Text(fmt.Sprint("tea ", in.Tea))
		}
		return c.RenderString(`{{(.form.Field "tea").Input}} {{(.form.Field "tea").Errors}}`, hipflask.Data{"form": form})
	}, "GET", "POST").Name("order")

	ask(app, "GET", "/order", nil)
	ask(app, "POST", "/order", url.Values{"tea": {"8"}})
	ask(app, "POST", "/order", url.Values{"tea": {"9"}})

	// Output:
	// 200 <select id="tea" name="tea" required><option value="7">Assam</option><option value="8">Sencha</option></select> []
	// 200 tea 8
	// 200 <select id="tea" name="tea" required aria-invalid="true" aria-describedby="tea--errors"><option value="7">Assam</option><option value="8">Sencha</option></select> [Not a valid choice.]
}

// A list of structs is items-0-name, items-1-name and so on. A submit button may ask for
// one entry more.
func ExampleField_AppendEntry() {
	type item struct {
		Name string `validate:"required"`
	}
	type basket struct {
		Items []item       `minentries:"1" maxentries:"5"`
		More  forms.Submit `label:"One more"`
		Buy   forms.Submit
	}
	app := newApp()
	app.Post("/basket", func(c *hipflask.Context) error {
		var in basket
		form := forms.New(c, &in)
		if form.Pressed() == "more" {
			form.Field("items").AppendEntry()
		} else if form.ValidateOnSubmit() {
			return c.Text(fmt.Sprint("bought ", in.Items))
		}
		return c.RenderString(`{{range (.form.Field "items").Entries}}{{(.Field "name").Input}}{{end}}`, hipflask.Data{"form": form})
	}).Name("basket")

	ask(app, "POST", "/basket", url.Values{"items-0-name": {"tea"}, "more": {"y"}})
	ask(app, "POST", "/basket", url.Values{"items-0-name": {"tea"}, "items-1-name": {"cup"}, "buy": {"y"}})

	// Output:
	// 200 <input id="items-0-name" name="items-0-name" type="text" value="tea" required><input id="items-1-name" name="items-1-name" type="text" value="" required>
	// 200 bought [{tea} {cup}]
}

// A theme of one's own changes some templates of another.
func ExampleTheme_With() {
	app := newApp()
	forms.Setup(app, forms.Config{Theme: forms.Plain.With(`
		{{define "row"}}<p>{{.Label}}<br>{{.Input}}{{.Help}}{{.ErrorList}}</p>{{end}}
		{{define "input"}}<input {{.Attrs "class" "wide"}}>{{end}}`)})
	app.Get("/", func(c *hipflask.Context) error {
		var in struct{ Name string }
		return c.RenderString(`{{(.form.Field "name").Row "class" "mine"}}`, hipflask.Data{"form": forms.New(c, &in)})
	}).Name("index")

	ask(app, "GET", "/", nil)

	// Output:
	// 200 <p><label for="name">Name</label><br><input id="name" name="name" type="text" value="" class="wide mine"></p>
}

// Messages in the language that a visitor likes best.
func ExampleCatalogs() {
	app := newApp()
	german := map[string]string{"This field is required.": "Bitte ausfüllen."}
	forms.Setup(app, forms.Config{Translations: forms.Catalogs(
		map[string]map[string]string{"de": german},
		func(c *hipflask.Context) string {
			return hipflask.AcceptLanguages(c.Request).BestMatch("en", "de")
		},
	)})
	app.Post("/", func(c *hipflask.Context) error {
		var in member
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		return c.Text(fmt.Sprint(form.Field("name").Errors()))
	}).Name("index")

	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Accept-Language", "de, en;q=0.5")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)

	// Output:
	// [Bitte ausfüllen.]
}

// A form needs a token once the App has NewCSRF; HiddenTag and QuickForm write it.
func ExampleNewCSRF() {
	app := newApp()
	csrf := forms.NewCSRF(app, forms.CSRFConfig{})
	fine := func(c *hipflask.Context) error { return c.Text("fine") }
	app.Post("/save", fine).Name("save")
	app.Post("/hook", fine).Name("hook")
	csrf.Exempt("hook")
	hipflask.OnError(app, func(c *hipflask.Context, err *forms.CSRFError) error { return c.Text(err.Reason) })

	ask(app, "POST", "/save", url.Values{"note": {"x"}})
	ask(app, "POST", "/hook", url.Values{"note": {"x"}})

	// Output:
	// 400 The CSRF token is missing.
	// 200 fine
}

// A search is sent by GET, and read from the query string.
func ExampleNewQuery() {
	type search struct {
		Q    string `label:"Search" widget:"search" validate:"required,min=2"`
		Page int    `widget:"hidden" validate:"optional,min=1"`
	}
	app := newApp()
	app.Get("/search", func(c *hipflask.Context) error {
		in := search{Page: 1}
		form := forms.NewQuery(c, &in)
		if form.ValidateOnSubmit() {
			return c.Text(fmt.Sprint("page ", in.Page, " of ", in.Q))
		}
		return c.Text(fmt.Sprint(form.IsSubmitted(), " ", form.Errors()))
	}).Name("search")

	ask(app, "GET", "/search", nil)
	ask(app, "GET", "/search?q=x", nil)
	ask(app, "GET", "/search?q=tea&page=2", nil)

	// Output:
	// 200 false map[]
	// 200 true map[q:[Field must be at least 2 characters long.]]
	// 200 page 2 of tea
}

func init() { forms.AddRule("nocaps", noCaps) }

// noCaps is a rule of one's own.
func noCaps(c *hipflask.Context, f *forms.Field, param string) error {
	if text := f.Text(); text == strings.ToUpper(text) {
		return forms.Invalid("Do not shout.")
	}
	return nil
}

// A rule is added once, as by init, for every form of the program.
func ExampleAddRule() {
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var in struct {
			Title string `validate:"required,nocaps"`
		}
		form := forms.New(c, &in)
		return c.Text(fmt.Sprint(form.ValidateOnSubmit(), " ", form.Errors()))
	}).Name("index")

	ask(app, "POST", "/", url.Values{"title": {"HELLO"}})
	ask(app, "POST", "/", url.Values{"title": {"Hello"}})

	// Output:
	// 200 false map[title:[Do not shout.]]
	// 200 true map[]
}
