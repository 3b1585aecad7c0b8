package guides_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// A form by hand, which forms.md and templates.md quote.

// reviewForm is what was sent, as it was sent, for a page that shows it again;
// and what is wrong with it, by the name of a field.
type reviewForm struct {
	Tea, Stars, Text string
	Problems         map[string]string
}

type review struct {
	Tea   string
	Stars int
	Text  string
}

var teas = []string{"Assam", "Sencha"}

const maxReview = 1000

// check returns the review that the form means, and fills in the form's Problems.
func (f *reviewForm) check() review {
	f.Problems = map[string]string{}
	if !slices.Contains(teas, f.Tea) {
		f.Problems["tea"] = "Choose one of the teas."
	}
	stars, err := strconv.Atoi(f.Stars)
	if err != nil || stars < 1 || stars > 5 {
		f.Problems["stars"] = "Give 1 to 5 stars."
	}
	if n := utf8.RuneCountInString(f.Text); n < 1 || n > maxReview {
		f.Problems["text"] = fmt.Sprintf("Write 1 to %d characters; these are %d.", maxReview, n)
	}
	return review{Tea: f.Tea, Stars: stars, Text: f.Text}
}

// reviews is a table of them.
type reviews struct{ all []review }

func newReview(c *hipflask.Context) error {
	return c.Render("review.html", hipflask.Data{"form": reviewForm{Tea: c.Query("tea")}})
}

func (r *reviews) addReview(c *hipflask.Context) error {
	form := reviewForm{Tea: c.Form("tea"), Stars: c.Form("stars"), Text: strings.TrimSpace(c.Form("text"))}
	checked := form.check()
	if len(form.Problems) > 0 {
		return c.Status(422).Render("review.html", hipflask.Data{"form": form})
	}
	r.all = append(r.all, checked)
	return c.RedirectTo("newReview")
}

const formsPage = `{{define "field"}}
  <p>
    <label for="{{.name}}">{{.label}}</label>
    <input id="{{.name}}" name="{{.name}}" type="{{.type | default "text"}}" value="{{.value}}"
      {{- if .problem}} aria-invalid="true" aria-describedby="{{.name}}-problem"{{end}}>
    {{with .problem}}<span class="error" id="{{$.name}}-problem">{{.}}</span>{{end}}
  </p>
{{end}}
{{define "submit"}}<button>{{.}}</button>{{end}}
`

const reviewPage = `{{template "forms.html"}}
{{with .form}}
<form method="post">
  {{template "field" (dict "name" "tea" "label" "Tea" "value" .Tea "problem" .Problems.tea)}}
  {{template "field" (dict "name" "stars" "label" "Stars" "type" "number" "value" .Stars "problem" .Problems.stars)}}
  <p>
    <label for="text">What you think of it</label>
    <textarea id="text" name="text">{{.Text}}</textarea>
    {{with .Problems.text}}<span class="error">{{.}}</span>{{end}}
  </p>
  {{template "submit" "Send"}}
</form>
{{end}}
`

func TestFormByHand(t *testing.T) {
	app := hipflask.New("by hand")
	app.Config.Root = fstest.MapFS{
		"templates/forms.html":  {Data: []byte(formsPage)},
		"templates/review.html": {Data: []byte(reviewPage)},
	}
	r := &reviews{}
	app.Get("/reviews/new", newReview)
	app.Post("/reviews/new", r.addReview)
	client := hipflasktest.New(t, app)

	if page := client.Get("/reviews/new?tea=Assam"); page.StatusCode != 200 ||
		!strings.Contains(page.Body, `value="Assam"`) || strings.Contains(page.Body, "problem") {
		t.Errorf("got %s\nwant the form with the tea, and no problem", page)
	}
	for _, test := range []struct {
		tea, stars, text string
		shows            []string
	}{
		{"Coffee", "5", " Strong. ", []string{"Choose one of the teas.", `value="Coffee"`, `value="5"`, ">Strong.</textarea>"}},
		{"Assam", "6", "Strong.", []string{"Give 1 to 5 stars.", `aria-describedby="stars-problem"`}},
		{"Assam", `"><script>`, "Strong.", []string{"Give 1 to 5 stars.", `value="&#34;&gt;&lt;script&gt;"`}},
		{"Assam", "5", "  ", []string{"Write 1 to 1000 characters; these are 0."}},
		{"Assam", "5", strings.Repeat("é", 1001), []string{"these are 1001."}},
	} {
		page := client.PostForm("/reviews/new", url.Values{"tea": {test.tea}, "stars": {test.stars}, "text": {test.text}})
		for _, want := range test.shows {
			if page.StatusCode != 422 || !strings.Contains(page.Body, want) {
				t.Errorf("got %s\nwant 422 with %q", page, want)
			}
		}
	}
	page := client.PostForm("/reviews/new", url.Values{"tea": {"Assam"}, "stars": {"5"}, "text": {" Strong. "}})
	if want := []review{{"Assam", 5, "Strong."}}; page.StatusCode != 302 || !slices.Equal(r.all, want) {
		t.Errorf("got %s\nand %v, want %v", page, r.all, want)
	}
}
