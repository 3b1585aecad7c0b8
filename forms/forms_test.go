package forms_test

import (
	"io"
	"log/slog"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

// newApp is an App without files that keeps its log to itself.
func newApp() *hipflask.App {
	app := hipflask.New("forms")
	app.Config.Root = fstest.MapFS{}
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.SecretKey = "a key for tests, which everybody may know"
	return app
}

// post sends values to a form of in, and returns what became of it.
func post(t *testing.T, in any, values url.Values) *forms.Form {
	t.Helper()
	var form *forms.Form
	app := newApp()
	app.Route("/", func(c *hipflask.Context) error {
		form = forms.New(c, in)
		form.ValidateOnSubmit()
		page, err := form.QuickForm()
		if err != nil {
			t.Errorf("QuickForm: %v", err)
		}
		return c.HTML("%s", page)
	}, "GET", "POST").Name("index")
	client := hipflasktest.New(t, app)
	if values == nil {
		client.Get("/")
	} else {
		client.PostForm("/", values)
	}
	if form == nil {
		t.Fatal("the handler did not run")
	}
	return form
}

type everything struct {
	Name     string    `label:"Your name" validate:"required,max=20" help:"As on your card." placeholder:"Ada" autocomplete:"name"`
	Email    string    `widget:"email" validate:"required,email"`
	Password string    `widget:"password" validate:"min=3"`
	Confirm  string    `widget:"password" validate:"eqfield=Password"`
	Site     string    `widget:"url" validate:"optional,url"`
	Color    string    `widget:"radio" choices:"r=Red,g=Green"`
	Size     int       `choices:"Small:1=S,2=M;Large:3=L"`
	Tags     []string  `widget:"checkboxes" choices:"a=A,b=B"`
	Nums     []int     `widget:"multiselect" choices:"1=One,2=Two" validate:"min=1"`
	Age      int       `validate:"min=1,max=120"`
	Height   float64   `validate:"optional,min=0.5"`
	Day      time.Time `widget:"date"`
	When     *time.Time
	Month    *time.Time            `widget:"month"`
	Week     *time.Time            `widget:"week"`
	Hour     *time.Time            `widget:"time"`
	Agree    bool                  `validate:"required"`
	Text     string                `widget:"textarea" attrs:"rows=4"`
	Secret   string                `widget:"hidden"`
	File     *multipart.FileHeader `accept:"image/png,.jpg" maxsize:"2MB"`
	Files    []*multipart.FileHeader
	Address  address
	Items    []item   `minentries:"1" maxentries:"3"`
	Emails   []string `widget:"email" validate:"email" minentries:"1"`
	Send     forms.Submit
	Cancel   forms.Submit
}
type address struct {
	Street string `validate:"required"`
	City   string
}
type item struct {
	Name  string `validate:"required"`
	Count int
}

func TestScratch(t *testing.T) {
	in := everything{Name: "Ada"}
	form := post(t, &in, nil)
	page, _ := form.QuickForm()
	t.Log(string(page))
	form = post(t, &in, url.Values{"name": {"<b>"}, "email": {"x"}, "age": {"x"}, "nums": {"1", "9"}, "items-7-name": {"seven"}, "items-2-count": {"2"}, "week": {"2026-W07"}, "send": {"y"}})
	t.Log(form.Errors(), form.Pressed(), in)
	page, _ = form.QuickForm()
	t.Log(string(page))
	_ = strings.ToLower
	_ = io.EOF
}
