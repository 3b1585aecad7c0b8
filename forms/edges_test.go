package forms_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

// TestDisabledOptions: a browser sends none of the inputs of a disabled field.
func TestDisabledOptions(t *testing.T) {
	type disabled struct {
		Size   string   `widget:"radio" choices:"s=Small,l=Large" validate:"disabled"`
		Extras []string `widget:"checkboxes" choices:"x=X,y=Y" validate:"disabled"`
	}
	for _, f := range send(t, &disabled{Size: "s"}, nil).Fields() {
		if got, err := f.Input(); err != nil || strings.Count(string(got), " disabled> ") != 2 {
			t.Errorf("got %s, %v", got, err)
		}
	}
}

// TestQuickFormAction: what a browser drops from an address does not lead elsewhere.
func TestQuickFormAction(t *testing.T) {
	form := send(t, &struct{ Name string }{}, nil)
	for _, action := range []string{"/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "//evil.example", "/\\evil.example", "\x7f/"} {
		if got, err := form.QuickForm("action", action); err == nil {
			t.Errorf("%q: got %s", action, got)
		}
	}
	if got, err := form.QuickForm("method", "get"); err == nil {
		t.Errorf("a method that shows the token: got %s", got)
	}
	for _, pair := range [][2]any{{"action", "/a/b?c=d"}, {"method", "POST"}} {
		if _, err := form.QuickForm(pair[:]...); err != nil {
			t.Errorf("%v: %v", pair, err)
		}
	}
}

// TestTimeOfAnotherZone: a time that nobody edits stays the same instant.
func TestTimeOfAnotherZone(t *testing.T) {
	type meeting struct {
		At time.Time `widget:"datetime-local"`
	}
	at := time.Date(2026, 2, 9, 12, 30, 0, 0, time.FixedZone("", 2*60*60))
	shown := send(t, &meeting{at}, nil).Field("at").Text()
	in := meeting{}
	if send(t, &in, url.Values{"at": {shown}}); !in.At.Equal(at) {
		t.Errorf("shown as %s, it is read as %s, want %s", shown, in.At, at)
	}
}

// TestReadonlyUntouched: a readonly field that comes back as it was shown is none that
// somebody edited, whatever its filters would make of it.
func TestReadonlyUntouched(t *testing.T) {
	type readonly struct {
		Text string `widget:"textarea" validate:"readonly"`
		Name string `filter:"trim" validate:"readonly"`
	}
	in := readonly{"a\r\nb", " x"}
	form := send(t, &in, url.Values{"text": {"a\r\nb"}, "name": {" x"}})
	if errors := form.Errors(); len(errors) > 0 || in != (readonly{"a\r\nb", " x"}) {
		t.Errorf("got %v, %q", errors, in)
	}
	if errors := send(t, &in, url.Values{"text": {"a\r\nc"}, "name": {"y"}}).Errors(); len(errors) != 2 {
		t.Errorf("edited: got %v", errors)
	}
}

// TestHiddenLayouts: a hidden time with layouts is written by the first of them.
func TestHiddenLayouts(t *testing.T) {
	type hidden struct {
		At time.Time `widget:"hidden" layout:"2006-01-02 15h|2006-01-02"`
	}
	in := hidden{time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)}
	if got := send(t, &in, nil).Field("at").Text(); got != "2026-12-24 18h" {
		t.Errorf("got %q", got)
	}
}

// TestChoicesWithColon: the start of a value is not taken for a heading in silence.
func TestChoicesWithColon(t *testing.T) {
	type clear struct {
		None string `choices:":12:00=Noon,13:00=One"`
		Some string `choices:"Times:12:00=Noon,13:00=One"`
	}
	form := send(t, &clear{}, url.Values{"none": {"12:00"}, "some": {"13:00"}})
	if errors := form.Errors(); len(errors) > 0 {
		t.Errorf("got %v", errors)
	}
	for _, in := range []any{
		&struct {
			At string `choices:"12:00=Noon,13:00=One"`
		}{},
		&struct {
			At string `choices:"12:00=Noon"`
		}{},
		&struct {
			At string `choices:"a:x=One,b:y=Two"`
		}{},
	} {
		if got := panicOf(t, in); !strings.Contains(got, "begin with a colon") {
			t.Errorf("%T: got %q", in, got)
		}
	}
}

// panicOf returns with what New panics.
func panicOf(t *testing.T, in any) (text string) {
	t.Helper()
	app := newApp()
	app.Get("/", func(c *hipflask.Context) error {
		defer func() { text = fmt.Sprint(recover()) }()
		forms.New(c, in)
		return nil
	}).Name("index")
	hipflasktest.New(t, app).Get("/")
	return text
}
