package forms_test

import (
	"log/slog"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

type shown struct {
	Name   string   `label:"Your <name>" validate:"required,min=2,max=20" help:"As on your card." placeholder:"Ada" autocomplete:"name"`
	Code   string   `pattern:"[a-z\"]+" attrs:"data-kind=x y,spellcheck=false"`
	Pass   string   `widget:"password"`
	Price  float64  `validate:"min=0.5,max=9" step:"0.1"`
	Tea    string   `choices:"a=A & B,b=B"`
	Size   string   `widget:"radio" choices:"s=Small" validate:"required"`
	Extras []string `widget:"checkboxes" choices:"x=X"`
	Agree  bool
	Text   string                  `widget:"textarea"`
	Token  string                  `widget:"hidden" validate:"required"`
	Files  []*multipart.FileHeader `accept:"image/png,.jpg"`
	Hue    string                  `widget:"color"`
	Send   forms.Submit            `label:"Go"`
}

// TestInput: the tags of single fields, and their attributes.
func TestInput(t *testing.T) {
	in := shown{Name: `"><script>`, Pass: "secret", Text: "\n</textarea><script>", Tea: "a", Size: "s", Extras: []string{"x"}, Agree: true, Price: 1.5}
	for _, test := range []struct{ page, want string }{
		{`{{(.form.Field "name").Label}}`, `<label for="name">Your &lt;name&gt;</label>`},
		{`{{(.form.Field "name").Label "class" "wide"}}`, `<label for="name" class="wide">Your &lt;name&gt;</label>`},
		{`{{(.form.Field "name").Input}}`, `<input id="name" name="name" type="text" value="&#34;&gt;&lt;script&gt;" required placeholder="Ada" autocomplete="name" minlength="2" maxlength="20" aria-describedby="name--help">`},
		{`{{(.form.Field "name").Input "class" "a" "class" "b" "autofocus" true "required" false "maxlength" 5 "data-x" "<&\""}}`,
			`<input id="name" name="name" type="text" value="&#34;&gt;&lt;script&gt;" placeholder="Ada" autocomplete="name" minlength="2" maxlength="5" aria-describedby="name--help" class="a b" autofocus data-x="&lt;&amp;&#34;">`},
		{`{{(.form.Field "name").Help}}`, `<small id="name--help">As on your card.</small>`},
		{`{{(.form.Field "code").Input}}`, `<input id="code" name="code" type="text" value="" pattern="[a-z&#34;]+" data-kind="x y" spellcheck="false">`},
		{`{{(.form.Field "pass").Input}}`, `<input id="pass" name="pass" type="password" value="">`},
		{`{{(.form.Field "price").Input}}`, `<input id="price" name="price" type="number" value="1.5" step="0.1" min="0.5" max="9">`},
		{`{{(.form.Field "tea").Input "class" "x"}}`, `<select id="tea" name="tea" class="x"><option value="a" selected>A &amp; B</option><option value="b">B</option></select>`},
		{`{{(.form.Field "size").Label}}{{(.form.Field "size").Input}}`,
			`<span id="size--label">Size</span><div id="size" role="radiogroup" aria-labelledby="size--label"><label for="size-0"><input type="radio" id="size-0" name="size" value="s" required checked> Small</label></div>`},
		{`{{(.form.Field "extras").Input}}`,
			`<div id="extras" role="group" aria-labelledby="extras--label"><label for="extras-0"><input type="checkbox" id="extras-0" name="extras" value="x" checked> X</label></div>`},
		{`{{(.form.Field "agree").Row}}`, `<div class="field"><input id="agree" name="agree" type="checkbox" value="y" checked> <label for="agree">Agree</label></div>` + "\n"},
		{`{{(.form.Field "text").Input}}`, "<textarea id=\"text\" name=\"text\">\n\n&lt;/textarea&gt;&lt;script&gt;</textarea>"},
		{`{{(.form.Field "token").Row}}|{{.form.HiddenTag}}`, "|" + `<input id="token" name="token" type="hidden" value="">` + "\n"},
		{`{{(.form.Field "files").Input}}`, `<input id="files" name="files" type="file" multiple accept="image/png,.jpg">`},
		{`{{(.form.Field "send").Input}}`, `<button id="send" name="send" type="submit" value="y">Go</button>`},
		{`{{range .form.Fields}}{{.Name}}{{if .Required}}!{{end}} {{end}}`, "name! code pass price tea size! extras agree text token! files hue send "},
		{`{{.form.Multipart}} {{(.form.Field "tea").Widget}} {{(.form.Field "name").ShortName}} {{(.form.Field "name").ID}}`, "true select name name"},
	} {
		if got := show(t, newApp(), &in, test.page); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.page, got, test.want)
		}
	}
}

// TestErrorsShown: what is wrong stands beside the field, which says so to a reader who
// does not see it, and what was typed is kept.
func TestErrorsShown(t *testing.T) {
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var in shown
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		return c.RenderString(`{{(.form.Field "name").Row}}{{(.form.Field "price").Input}}{{.form.ErrorList}}`+
			`{{range (.form.Field "price").Errors}}[{{.}}]{{end}}`, hipflask.Data{"form": form})
	}).Name("index")
	got := hipflasktest.New(t, app).PostForm("/", url.Values{"name": {"<"}, "price": {"<b>"}, "tea": {"a"}, "size": {"s"}}).Body
	want := `<div class="field"><label for="name">Your &lt;name&gt;</label> <input id="name" name="name" type="text" value="&lt;" required placeholder="Ada" ` +
		`autocomplete="name" minlength="2" maxlength="20" aria-invalid="true" aria-describedby="name--help name--errors"><small id="name--help">As on your card.</small>` +
		`<ul class="errors" id="name--errors"><li>Field must be between 2 and 20 characters long.</li></ul></div>` + "\n" +
		`<input id="price" name="price" type="number" value="&lt;b&gt;" step="0.1" min="0.5" max="9" aria-invalid="true" aria-describedby="price--errors">` +
		`<ul class="errors" role="alert"><li>This field is required.</li></ul>` + "\n" + `[Not a valid float value.]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestRefusedAttributes: a page cannot make an attribute of a visitor's text that would
// run it, nor break out of the tag.
func TestRefusedAttributes(t *testing.T) {
	form := send(t, &shown{}, nil)
	for _, pairs := range [][]any{
		{"onclick", "x"}, {"ONFOCUS", "x"}, {"style", "x"}, {"formaction", "x"}, {"href", "x"}, {"src", "x"}, {"srcdoc", "x"},
		{"a b", "x"}, {`x"`, "x"}, {"", "x"}, {"x>", "x"}, {"-value", "x"}, {"class"}, {1, "x"},
	} {
		f := form.Field("name")
		for what, show := range map[string]func(...any) (any, error){
			"Input": func(p ...any) (any, error) { return f.Input(p...) },
			"Row":   func(p ...any) (any, error) { return f.Row(p...) },
			"Label": func(p ...any) (any, error) { return f.Label(p...) },
			"Quick": func(p ...any) (any, error) { return form.QuickForm(p...) },
		} {
			if html, err := show(pairs...); err == nil {
				t.Errorf("%s %q: got %s, want an error", what, pairs, html)
			}
		}
	}
	for _, action := range []string{"javascript:alert(1)", "//evil.example", `/\evil.example`, "https://evil.example", ""} {
		if html, err := form.QuickForm("action", action); err == nil {
			t.Errorf("action %q: got %s", action, html)
		}
	}
}

// TestPageMistakes: a page that asks for what is not there fails, and says what is.
func TestPageMistakes(t *testing.T) {
	for page, want := range map[string]string{
		`{{(.form.Field "nmae").Row}}`:                  `forms: the form of forms_test.shown has no field "nmae"; it has ["name" "code"`,
		`{{(.form.Field "name").Input "class"}}`:        "forms: attributes are names and values in turn; class has no value",
		`{{(.form.Field "name").Input "onclick" "x"}}`:  "forms: the attribute onclick may hold a script",
		`{{((.form.Field "name").Field "street").Row}}`: "forms: name: only a struct has fields",
	} {
		app := newApp()
		var log strings.Builder
		app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		app.Get("/", func(c *hipflask.Context) error {
			return c.RenderString(page, hipflask.Data{"form": forms.New(c, &shown{})})
		}).Name("index")
		answer := hipflasktest.New(t, app).Get("/")
		if answer.StatusCode != 500 || !strings.Contains(strings.ReplaceAll(log.String(), `\"`, `"`), want) {
			t.Errorf("%s: got %d, and in the log %s; want %s", page, answer.StatusCode, log.String(), want)
		}
	}
}

// TestThemes: each theme shows every kind of field, as a page that is well-formed.
func TestThemes(t *testing.T) {
	type all struct {
		shown
		Probe probe
		Items []probeItem `minentries:"2" help:"Two."`
	}
	for name, theme := range map[string]*forms.Theme{
		"plain": forms.Plain, "bootstrap": forms.Bootstrap5,
		"own": forms.Bootstrap5.With(`{{define "row"}}<div class="mine">{{.Label}}{{.Input}}{{.Help}}{{.ErrorList}}</div>{{end}}`),
	} {
		app := newApp()
		forms.Setup(app, forms.Config{Theme: theme})
		app.Route("/", func(c *hipflask.Context) error {
			var in all
			form := forms.New(c, &in)
			form.ValidateOnSubmit()
			return c.RenderString(`{{.form.QuickForm "class" "wide" "novalidate" true}}`, hipflask.Data{"form": form})
		}, "GET", "POST").Name("index")
		client := hipflasktest.New(t, app)
		for _, page := range []*hipflasktest.Response{client.Get("/"), client.PostForm("/", url.Values{"name": {"x"}})} {
			if err := wellFormed(page.Body); page.StatusCode != 200 || err != nil {
				t.Errorf("%s: got %s, %v", name, page, err)
			}
			for part, themes := range map[string]string{
				`class="wide" novalidate`: "plain bootstrap own", `class="mb-3 form-check"`: "bootstrap own", `class="mine"`: "own", `class="field"`: "plain",
				`class="form-control`: "bootstrap own", `enctype="multipart/form-data"`: "plain bootstrap own",
			} {
				if want := strings.Contains(themes, name); strings.Contains(page.Body, part) != want {
					t.Errorf("%s: has %s %v, want %v", name, part, !want, want)
				}
			}
			if invalid := strings.Contains(page.Body, "form-control is-invalid"); invalid != (name != "plain" && page.Request.Method == "POST") {
				t.Errorf("%s %s: is-invalid %v", name, page.Request.Method, invalid)
			}
		}
	}
}

// TestThemePanics: a theme that cannot be parsed.
func TestThemePanics(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "forms: Theme.With") {
			t.Errorf("got %v", r)
		}
	}()
	forms.Plain.With(`{{define "row"}}{{end`)
}

// TestNested: fields of structs and lists by name and in loops.
func TestNested(t *testing.T) {
	type card struct {
		Address probeItem
		Items   []probeItem
	}
	in := card{Items: []probeItem{{Name: "a"}, {Name: "b"}}}
	const page = `{{((.form.Field "address").Field "name").Input}}` +
		`{{range (.form.Field "items").Entries}}{{.LabelText}}: {{(.Field "name").Input}}{{range .Fields}} {{.Name}}{{end}}{{end}}`
	want := `<input id="address-name" name="address-name" type="text" value="" required>` +
		`Items 1: <input id="items-0-name" name="items-0-name" type="text" value="a" required> items-0-name items-0-count` +
		`Items 2: <input id="items-1-name" name="items-1-name" type="text" value="b" required> items-1-name items-1-count`
	if got := show(t, newApp(), &in, page); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSetters: what a handler changes for one form.
func TestSetters(t *testing.T) {
	form := send(t, &shown{}, nil)
	form.Field("code").SetLabel("New").SetAttr("placeholder", "abc").SetAttr("autofocus", "")
	row, err := form.Field("code").Row()
	want := `<label for="code">New</label> <input id="code" name="code" type="text" value="" pattern="[a-z&#34;]+" data-kind="x y" spellcheck="false" placeholder="abc" autofocus>`
	if err != nil || !strings.Contains(string(row), want) {
		t.Errorf("got %s, %v", row, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("SetAttr took onclick")
		}
	}()
	form.Field("code").SetAttr("onclick", "x")
}

// TestSetupTwice: an App has one setup.
func TestSetupTwice(t *testing.T) {
	app := newApp()
	forms.NewCSRF(app, forms.CSRFConfig{})
	forms.Setup(app, forms.Config{})
	for _, again := range []func(){func() { forms.Setup(app, forms.Config{}) }, func() { forms.NewCSRF(app, forms.CSRFConfig{}) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			again()
		}()
	}
}

// TestWidgets: the type of input that each widget is.
func TestWidgets(t *testing.T) {
	type inputs struct {
		Text     string    `widget:"text"`
		Email    string    `widget:"email"`
		URL      string    `widget:"url"`
		Tel      string    `widget:"tel"`
		Search   string    `widget:"search"`
		Color    string    `widget:"color"`
		Number   int       `widget:"int"`
		Float    float64   `widget:"float"`
		Decimal  float64   `widget:"decimal"`
		Range    int       `widget:"range" validate:"min=1,max=9"`
		Date     time.Time `widget:"date" validate:"min=2026-01-01"`
		Time     time.Time `widget:"time"`
		Local    time.Time
		Datetime time.Time `widget:"datetime"`
		Month    time.Time `widget:"month"`
		Week     time.Time `widget:"week"`
	}
	types := map[string]string{
		"text": "text", "email": "email", "url": "url", "tel": "tel", "search": "search", "color": "color", "number": "number",
		"float": `number" value="0" step="any`, "decimal": `number" value="0" step="any`, "range": `range" value="0" min="1" max="9`,
		"date": `date" value="" min="2026-01-01`, "time": "time", "local": "datetime-local", "datetime": "text", "month": "month", "week": "week",
	}
	form := send(t, &inputs{}, nil)
	if len(form.Fields()) != len(types) {
		t.Fatalf("%d fields, %d types", len(form.Fields()), len(types))
	}
	for _, f := range form.Fields() {
		input, err := f.Input()
		want := `<input id="` + f.Name() + `" name="` + f.Name() + `" type="` + types[f.Name()] + `"`
		if err != nil || !strings.HasPrefix(string(input), want) {
			t.Errorf("got %s, %v; want %s", input, err, want)
		}
	}
}
