package forms_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/big"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

type values struct {
	Text    string
	Trimmed string `filter:"trim,squeeze,lower"`
	Lines   string `widget:"textarea" validate:"max=5"`
	Small   int8
	Big     uint64
	Maybe   *int
	None    *string
	Float   float32
	Ratio   big.Rat      `validate:"min=0.5,max=2"`
	Addr    netip.Addr   `validate:"optional"`
	Addrs   []netip.Addr `choices:"127.0.0.1=here,::1=there"`
	Yes     *bool        `widget:"radio" choices:"true=Yes,false=No"`
	Week    time.Time    `widget:"week" validate:"optional"`
	Local   time.Time    `widget:"datetime" layout:"02.01.2006 15:04|02.01.2006" validate:"optional"`
	Hidden  *time.Time   `widget:"hidden"`
}

// TestValues: what a field makes of a text, and what it shows again.
func TestValues(t *testing.T) {
	for _, test := range []struct {
		name, sent string
		value      string // of the field, as fmt prints it, or its error in []
		text       string // that is shown again
	}{
		{"text", "Zoë & <b>", "Zoë & <b>", "Zoë & <b>"},
		{"text", "  kept  ", "  kept  ", "  kept  "},
		{"text", "a\x00b", "[Invalid input.]", "a\ufffdb"},
		{"text", "a\xff", "a\ufffd", "a\ufffd"},
		{"trimmed", "  Two \t Words ", "two words", "two words"},
		{"lines", "ab\r\ncd", "ab\ncd", "ab\ncd"},
		{"small", " 127 ", "127", " 127 "},
		{"small", "128", "[Not a valid integer value.]", "128"},
		{"small", "1e3", "[Not a valid integer value.]", "1e3"},
		{"small", "", "[Not a valid integer value.]", ""},
		{"big", "18446744073709551615", "18446744073709551615", "18446744073709551615"},
		{"big", "-1", "[Not a valid integer value.]", "-1"},
		{"maybe", "", "<nil>", ""},
		{"maybe", "0", "0", "0"},
		{"maybe", "x", "[Not a valid integer value.]", "x"},
		{"none", " ", "<nil>", ""},
		{"float", "1.5", "1.5", "1.5"},
		{"float", "1e999999", "[Not a valid float value.]", "1e999999"},
		{"float", "NaN", "[Not a valid float value.]", "NaN"},
		{"float", "0x1p-2", "[Not a valid float value.]", "0x1p-2"},
		{"ratio", "1.25", "5/4", "1.25"},
		{"ratio", "1e999999999", "[Not a valid decimal value.]", "1e999999999"},
		{"ratio", "1/3", "[Not a valid decimal value.]", "1/3"},
		{"ratio", "2.5", "[Number must be between 0.5 and 2.]", "2.5"},
		{"addr", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
		{"addr", "10.0.0", "[Invalid input.]", "10.0.0"},
		{"addrs", "::1", "[::1]", "::1"},
		{"addrs", "::2", "['::2' is not a valid choice for this field.]", "::2"},
		{"yes", "true", "true", "true"},
		{"yes", "false", "false", "false"},
		{"yes", "maybe", "[Invalid Choice: could not coerce.]", ""},
		{"week", "2026-W53", "2026-12-28 00:00:00 +0000 UTC", "2026-W53"},
		{"week", "2025-W53", "[Not a valid week value.]", "2025-W53"},
		{"week", "2026-W00", "[Not a valid week value.]", "2026-W00"},
		{"local", "24.12.2026 18:30", "2026-12-24 18:30:00 +0000 UTC", "24.12.2026 18:30"},
		{"local", "24.12.2026", "2026-12-24 00:00:00 +0000 UTC", "24.12.2026"},
		{"local", "2026-12-24", "[Not a valid datetime value.]", "2026-12-24"},
		{"hidden", "2026-12-24T18:30:00Z", "2026-12-24 18:30:00 +0000 UTC", "2026-12-24T18:30:00Z"},
	} {
		in := values{Ratio: *big.NewRat(1, 1)}
		field := send(t, &in, url.Values{test.name: {test.sent}, "small": {"1"}}, func(form *forms.Form) {}).Field(test.name)
		if test.name == "small" {
			field = send(t, &in, url.Values{test.name: {test.sent}}).Field(test.name)
		}
		v := reflect.ValueOf(field.Value())
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		got := fmt.Sprint(v)
		if r, ok := v.Interface().(big.Rat); ok {
			got = r.RatString()
		}
		if len(field.Errors()) > 0 {
			got = fmt.Sprint(field.Errors())
		}
		if got != test.value || field.Text() != test.text {
			t.Errorf("%s=%q: got %s, shown as %q; want %s, %q", test.name, test.sent, got, field.Text(), test.value, test.text)
		}
	}
}

// TestInitialValues: what stands in the struct is shown, and stays for what is not sent.
func TestInitialValues(t *testing.T) {
	when := time.Date(2026, 2, 9, 12, 30, 0, 0, time.UTC)
	type initial struct {
		Name  string
		When  time.Time
		Week  time.Time `widget:"week"`
		Age   *int
		Agree bool
		Tags  []string `choices:"a=A,b=B"`
		Items []probeItem
	}
	make := func() *initial {
		return &initial{"Ada", when, when, new(7), true, []string{"b"}, []probeItem{{"one", 1}, {"two", 2}}}
	}
	texts := func(form *forms.Form) (all []string) {
		for _, f := range form.Fields() {
			all = append(all, f.Text())
		}
		return append(all, form.Field("items").Entries()[1].Field("name").Text())
	}
	form := send(t, make(), nil)
	if got := fmt.Sprintf("%q", texts(form)); got != `["Ada" "2026-02-09T12:30" "2026-W07" "7" "true" "b" "" "two"]` || form.IsSubmitted() {
		t.Errorf("got %s", got)
	}
	in := make()
	send(t, in, url.Values{"items-1-count": {"9"}})
	if in.Name != "Ada" || *in.Age != 7 || in.Agree || len(in.Tags) != 0 {
		t.Errorf("got %+v; text and numbers stay, boxes and choices are off", in)
	}
	// As in WTForms, the first entry that is sent begins as the first there is.
	if fmt.Sprint(in.Items) != "[{one 9}]" {
		t.Errorf("got %v", in.Items)
	}
}

// TestRepeatedField: what is sent twice counts once.
func TestRepeatedField(t *testing.T) {
	var in values
	form := send(t, &in, url.Values{"text": {"first", "second"}})
	if in.Text != "first" || len(form.Field("text").Raw()) != 1 {
		t.Errorf("got %q, %q", in.Text, form.Field("text").Raw())
	}
}

type nested struct {
	Items []struct {
		Name  string
		Parts []struct {
			Name string
			Tags []string
		} `maxentries:"2"`
	} `minentries:"1" maxentries:"3"`
}

// TestEntries: which entries a list has after what was sent.
func TestEntries(t *testing.T) {
	many := url.Values{}
	for i := range 9_000 {
		many.Add(fmt.Sprintf("items-%d-name", i), "x")
	}
	for _, test := range []struct {
		sent   url.Values
		names  string
		errors string
	}{
		{url.Values{}, "items-0", "map[]"},
		{url.Values{"items-999999999-name": {"x"}}, "items-999999999", "map[]"},
		{url.Values{"items-9999999999-name": {"x"}}, "items-0", "map[]"},
		{url.Values{"items--1-name": {"x"}, "items-01-name": {"x"}, "items-+1-name": {"x"}, "items-1": {"x"}, "items-": {""}}, "items-0", "map[]"},
		{url.Values{"items-5-name": {"x"}, "items-10-name": {"y"}}, "items-5 items-10", "map[]"},
		{url.Values{"items-0-parts-7-tags-3": {"x"}}, "items-0 items-0-parts-7 items-0-parts-7-tags-3", "map[]"},
		{url.Values{"items-0-parts-1-name": {"x"}, "items-0-parts-2-name": {"x"}, "items-0-parts-3-name": {"x"}},
			"items-0 items-0-parts-1 items-0-parts-2", "map[items-0-parts:[There can be at most 2 entries.]]"},
		{url.Values{strings.Repeat("items-0-", 5000) + "name": {"x"}}, "items-0", "map[]"},
		{many, "items-0 items-1 items-2", "map[items:[There can be at most 3 entries.]]"},
	} {
		var in nested
		form := send(t, &in, test.sent)
		var names []string
		var walk func(f *forms.Field)
		walk = func(f *forms.Field) {
			for _, entry := range f.Entries() {
				names = append(names, entry.Name())
				walk(entry)
			}
			for _, sub := range f.Fields() {
				walk(sub)
			}
		}
		walk(form.Field("items"))
		if got := strings.Join(names, " "); got != test.names || fmt.Sprint(form.Errors()) != test.errors {
			t.Errorf("got %s, %v; want %s, %s", got, form.Errors(), test.names, test.errors)
		}
	}
}

// TestAllEntries: lists of lists cannot be made to multiply.
func TestAllEntries(t *testing.T) {
	var in struct {
		Rows []struct {
			Cells []struct{ A, B, C, D, E string }
		}
	}
	sent := url.Values{}
	for i := range 10_000 {
		sent.Add(fmt.Sprintf("rows-%d-cells-%d-a", i/100, i%100), "x")
	}
	form := send(t, &in, sent)
	cells := 0
	for _, row := range in.Rows {
		cells += len(row.Cells)
	}
	if len(in.Rows) != 100 || cells != 900 || len(form.Errors()) == 0 {
		t.Errorf("got %d rows, %d cells, %d errors; want 100, 900 and some", len(in.Rows), cells, len(form.Errors()))
	}
}

// TestAppendEntry: a button that asks for one more entry, and one for one less.
func TestAppendEntry(t *testing.T) {
	var in nested
	form := send(t, &in, url.Values{"items-4-name": {"x"}, "items-4-parts-0-name": {"part"}})
	items := form.Field("items")
	if entry := items.AppendEntry(); entry == nil || entry.Name() != "items-5" || len(in.Items) != 2 {
		t.Fatalf("got %v, %v", entry, in)
	}
	in.Items[0].Name = "changed" // the struct and the fields are still one
	in.Items[0].Parts[0].Name = "too"
	old := items.Entries()[0]
	if got := fmt.Sprintf("%v %v", old.Field("name").Value(), old.Field("parts").Entries()[0].Field("name").Value()); got != "changed too" {
		t.Errorf("got %q", got)
	}
	items.AppendEntry()
	if items.AppendEntry() != nil || len(in.Items) != 3 {
		t.Errorf("got %d entries, want 3, the most there can be", len(in.Items))
	}
	items.PopEntry()
	if len(in.Items) != 2 || len(items.Entries()) != 2 {
		t.Errorf("got %d entries, want 2", len(in.Items))
	}
}

// TestFixedFields: readonly and disabled fields keep their value, whatever is sent.
func TestFixedFields(t *testing.T) {
	type fixed struct {
		Owner string `validate:"readonly"`
		Role  string `validate:"disabled"`
		Rank  *int   `validate:"readonly"`
	}
	for _, test := range []struct {
		sent url.Values
		want string
	}{
		{url.Values{"owner": {"ada"}}, "map[]"},
		{url.Values{"owner": {"eve"}, "role": {"admin"}, "rank": {"9"}},
			"map[owner:[This field cannot be edited.] rank:[This field cannot be edited.] role:[This field is disabled and cannot have a value.]]"},
	} {
		in := fixed{"ada", "user", new(1)}
		form := send(t, &in, test.sent)
		if got := fmt.Sprint(form.Errors()); got != test.want || in.Owner != "ada" || in.Role != "user" || *in.Rank != 1 {
			t.Errorf("got %s, %v, want %s", got, in, test.want)
		}
	}
	if input, err := send(t, &fixed{}, nil).Field("role").Input(); err != nil || !strings.Contains(string(input), " disabled") {
		t.Errorf("got %s, %v", input, err)
	}
}

// TestPrefixed: two forms in one page.
func TestPrefixed(t *testing.T) {
	type login struct {
		Name string `validate:"required"`
		Send forms.Submit
	}
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var a, b login
		first, second := forms.NewPrefixed(c, "a", &a), forms.NewPrefixed(c, "b", &b)
		return c.Text(fmt.Sprintln(first.ValidateOnSubmit(), first.Pressed(), a.Name, second.ValidateOnSubmit(), second.Pressed(), second.Errors()))
	}).Name("index")
	page := hipflasktest.New(t, app).PostForm("/", url.Values{"a-name": {"Ada"}, "a-send": {"y"}, "b-send": {""}})
	if want := "true send Ada false  map[b-name:[This field is required.]]\n"; page.Body != want {
		t.Errorf("got %s, want %s", page.Body, want)
	}
}

// TestQuery: a form of the query string is submitted if one of its fields is there.
func TestQuery(t *testing.T) {
	type search struct {
		Q     string `validate:"required"`
		Inner probeItem
		Tags  []string
	}
	app := newApp()
	forms.NewCSRF(app, forms.CSRFConfig{})
	app.Get("/", func(c *hipflask.Context) error {
		var in search
		form := forms.NewQuery(c, &in)
		ok := form.ValidateOnSubmit()
		page, err := form.QuickForm("action", "/search")
		if err != nil {
			return err
		}
		return c.Text(fmt.Sprint(form.IsSubmitted(), ok, in.Q, in.Tags, strings.Split(string(page), "\n")[0]))
	}).Name("index")
	client := hipflasktest.New(t, app)
	const tag = `<form method="get" action="/search">`
	for path, want := range map[string]string{
		"/":                               "false false[]" + tag,
		"/?page=2":                        "false false[]" + tag,
		"/?q=":                            "true false[]" + tag,
		"/?q=go&inner-name=x&tags-0=blue": "true truego[blue]" + tag,
		"/?tags-0=blue":                   "true false[blue]" + tag,
	} {
		if got := client.Get(path).Body; strings.ReplaceAll(got, " [", "[") != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// TestOverTheLimits: a form that is too large is a 413, and never valid.
func TestOverTheLimits(t *testing.T) {
	app := newApp()
	app.Config.MaxContentLength = 1000
	valid := false
	app.Post("/", func(c *hipflask.Context) error {
		var in struct{ Name string }
		form := forms.New(c, &in)
		valid = form.ValidateOnSubmit()
		return c.Text("fine")
	}).Name("index")
	page := hipflasktest.New(t, app).PostForm("/", url.Values{"name": {strings.Repeat("x", 2000)}})
	if page.StatusCode != 413 || valid {
		t.Errorf("got %s, valid %v", page, valid)
	}
}

// TestBrokenMultipart: what is no form reads as an empty one.
func TestBrokenMultipart(t *testing.T) {
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var in struct {
			Name string `validate:"required"`
		}
		form := forms.New(c, &in)
		return c.Text(fmt.Sprint(form.ValidateOnSubmit(), form.Errors(), form.Err()))
	}).Name("index")
	client := hipflasktest.New(t, app)
	for contentType, body := range map[string]string{
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nhalf",
		"multipart/form-data":             "no boundary",
		"application/json":                `{"name": "Ada"}`,
		"":                                "name=Ada",
		"text/plain; =":                   "name=Ada",
	} {
		r := client.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if page := client.Do(r); page.StatusCode != 200 || page.Body != "false map[name:[This field is required.]] <nil>" {
			t.Errorf("%s: got %s", contentType, page)
		}
	}
}

// wellFormed says what is wrong with a page, as an XML parser sees it that knows which
// tags have no end: also ids that are there twice, or not.
func wellFormed(page string) error {
	known := map[string]bool{}
	for name := range strings.FieldsSeq("form div label span input textarea select optgroup option button small ul li fieldset legend") {
		known[name] = true
	}
	page = strings.Map(func(r rune) rune { // no characters of XML, but of HTML
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, page)
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"input"}, xml.HTMLEntity
	open, ids, refs := 0, map[string]bool{}, []string{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			if open != 0 {
				return fmt.Errorf("%d tags are open at the end", open)
			}
			for _, ref := range refs {
				if !ids[ref] {
					return fmt.Errorf("there is no id %q, which something refers to", ref)
				}
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			open++
			if !known[token.Name.Local] {
				return fmt.Errorf("there is a tag %q", token.Name.Local)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "src" {
					return fmt.Errorf("there is an attribute %q", a.Name.Local)
				}
				switch a.Name.Local {
				case "id":
					if ids[a.Value] {
						return fmt.Errorf("the id %q is there twice", a.Value)
					}
					ids[a.Value] = true
				case "for", "aria-describedby", "aria-labelledby":
					refs = append(refs, strings.Fields(a.Value)...)
				}
			}
		case xml.EndElement:
			open--
		case xml.Comment, xml.ProcInst, xml.Directive:
			return fmt.Errorf("there is %T", token)
		}
	}
}

// FuzzDecode: whatever a body holds, the form is read, checked and shown, as a page that
// is well-formed; and it is small.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"", "required=x&number=3", "items-0-name=a&items-1-name=b", "items-999999999-name=x", "text=%00%ff&number=1e999999",
		"required=%3Cscript%3Ealert(1)%3C/script%3E&email=%22%3E%3Cb%3E", "color=%22onclick%3D&tags=a&tags=%27%3C", "emails-0=a&emails-5=b",
		"address-name-0-0=x&items-0-items-0=x", "size=3&nums=1&nums=x", "week=2026-W99&date=0000-00-00&when=9999999-1-1T1:1",
		strings.Repeat("a=1&", 200) + strings.Repeat("items-7-name=x&", 50), "=&&;%zz=%&a=%C3", "decimal=1e-999&float=-0&low=+5",
	} {
		f.Add(body)
	}
	app := newApp()
	forms.Setup(app, forms.Config{CSRF: &forms.CSRFConfig{Disabled: true}})
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c := app.NewContext(httptest.NewRecorder(), r)
		var in struct {
			probe
			More   values
			Emails []string `widget:"email" validate:"email"`
		}
		form := forms.New(c, &in)
		valid := form.ValidateOnSubmit()
		if form.Err() != nil || valid == (len(form.Errors()) > 0) {
			t.Errorf("valid %v, but %v; %v", valid, form.Errors(), form.Err())
		}
		if len(in.Items) > 100 || len(in.Emails) > 100 {
			t.Errorf("%d and %d entries", len(in.Items), len(in.Emails))
		}
		page, err := form.QuickForm()
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(string(page)); err != nil {
			t.Errorf("%v\n%s", err, page)
		}
	})
}
