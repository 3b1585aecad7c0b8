package forms_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
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
	if _, err := form.QuickForm("action", "/a/b?c=d"); err != nil {
		t.Error(err)
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
