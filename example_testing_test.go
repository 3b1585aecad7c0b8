package hipflask_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

func TestSaveNote(t *testing.T) {
	client := hipflasktest.New(t, newNotes()).FollowRedirects()

	page := client.PostForm("/save", url.Values{"note": {"buy milk"}})
	if !strings.Contains(page.Body, "Note saved.") || !strings.Contains(page.Body, "Last: buy milk") {
		t.Errorf("after saving: got %s", page)
	}
	if len(page.History) != 1 || page.History[0].StatusCode != 302 {
		t.Errorf("got %d redirects, want one, a 302", len(page.History))
	}
}

func TestNoteInSession(t *testing.T) {
	client := hipflasktest.New(t, newNotes())
	client.SessionTransaction(func(s *hipflask.Session) {
		s.Set("note", "from the test")
	})
	if page := client.Get("/"); !strings.Contains(page.Body, "from the test") {
		t.Errorf("got %s", page)
	}
}

func TestSetup(t *testing.T) {
	if err := newNotes().Check(); err != nil {
		t.Fatal(err)
	}
}
