package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"maps"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestReviewForm(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	good := form("tea", "Assam", "stars", "5", "text", "Strong.")
	for _, test := range []struct {
		field, value string
		shows        []string
	}{
		{"tea", "Coffee", []string{"Choose one of the teas.", `value="Coffee"`, `value="5"`, "Strong.</textarea>"}},
		{"stars", "6", []string{"Give 1 to 5 stars.", `value="6"`, `aria-describedby="stars--errors"`}},
		{"stars", "many", []string{"Give 1 to 5 stars.", `value="many"`}},
		{"stars", `"><script>`, []string{`value="&#34;&gt;&lt;script&gt;"`}},
		{"text", "  ", []string{"This field is required."}},
		{"text", strings.Repeat("é", 1001), []string{"Field cannot be longer than 1000 characters.", "éé</textarea>"}},
	} {
		sent := maps.Clone(good)
		sent.Set(test.field, test.value)
		page := client.PostForm("/reviews/new", sent)
		for _, want := range test.shows {
			if page.StatusCode != 422 || !strings.Contains(page.Body, want) {
				t.Errorf("%s=%.20s: got %s\nwant 422 with %q", test.field, test.value, page, want)
			}
		}
	}
	if page := client.PostForm("/reviews/new", nil); page.StatusCode != 422 || strings.Count(page.Body, `class="errors"`) != 3 {
		t.Errorf("got %s\nwant a problem for each of the three fields", page)
	}
	if page := client.Get("/reviews/new?tea=Assam"); page.StatusCode != 200 || !strings.Contains(page.Body, `value="Assam"`) ||
		strings.Contains(page.Body, "error") {
		t.Errorf("got %s\nwant the form with the tea, and no problem", page)
	}
	page := client.FollowRedirects().PostForm("/reviews/new", good)
	if page.StatusCode != 200 || !strings.Contains(page.Body, "Thank you for your review.") || strings.Contains(page.Body, "<img") {
		t.Errorf("got %s\nwant the list without a picture", page)
	}
}

func TestReviewPicture(t *testing.T) {
	app := newTestApp(t)
	client := hipflasktest.New(t, app).FollowRedirects()
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	fields := url.Values{"tea": {"Assam"}, "stars": {"5"}, "text": {"Strong."}}
	for name, content := range map[string]string{
		"no picture": "<script>", "cut": small.String()[:40], "large": bomb(small.Bytes()), "empty": "",
	} {
		page := client.PostMultipart("/reviews/new", fields, hipflasktest.File{Field: "picture", Name: "a.png", Content: content})
		if page.StatusCode != 422 || !strings.Contains(page.Body, "Send a JPEG, PNG or GIF") || !strings.Contains(page.Body, "Strong.</textarea>") {
			t.Errorf("%s: got %s\nwant the form again", name, page)
		}
	}
	page := client.PostMultipart("/reviews/new", fields, hipflasktest.File{Field: "picture", Name: "a.html", Content: small.String()})
	if page.StatusCode != 422 || !strings.Contains(page.Body, "Send a JPEG, PNG or GIF.") {
		t.Errorf("got %s\nwant a picture called a page to be refused", page)
	}
	if page := client.PostMultipart("/reviews/new", fields, hipflasktest.File{Field: "picture", Name: "a.png", Content: strings.Repeat("x", 6<<20)}); page.StatusCode != 413 {
		t.Errorf("a file above the limit: got %s", page)
	}
	if page := client.Get("/reviews"); !strings.Contains(page.Body, "Nobody has written one yet.") {
		t.Errorf("got %s\nwant no review yet", page)
	}

	page = client.PostMultipart("/reviews/new", fields, hipflasktest.File{Field: "picture", Name: "../a.png", Content: small.String() + "<script>"})
	source := regexp.MustCompile(`<img src="([^"]+)"`).FindStringSubmatch(page.Body)
	if source == nil {
		t.Fatalf("got %s\nwant the picture", page)
	}
	picture := client.Get(source[1])
	config, format, err := image.DecodeConfig(strings.NewReader(picture.Body))
	if picture.StatusCode != 200 || picture.Header.Get("Content-Type") != "image/jpeg" || format != "jpeg" || config.Width != 3 || err != nil {
		t.Errorf("got %d, %v, %s, %+v, %v", picture.StatusCode, picture.Header, format, config, err)
	}
	if strings.Contains(picture.Body, "script") {
		t.Error("what was behind the picture is sent with it")
	}
	for _, name := range []string{"other.jpg", "..%2fmain.go", "."} {
		if page := client.Get("/pictures/" + name); page.StatusCode != 404 {
			t.Errorf("got %s, want 404", page)
		}
	}
	if entries, _ := os.ReadDir(pictureFolder(app)); len(entries) != 1 {
		t.Errorf("got %v in the folder, want one picture", entries)
	}
}

// bomb is a PNG that says it has 60000 by 60000 pixels.
func bomb(small []byte) string {
	b := bytes.Clone(small)
	copy(b[16:], []byte{0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60})
	sum := crc32.ChecksumIEEE(b[12:29])
	copy(b[29:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return string(b)
}

func TestPagination(t *testing.T) {
	app := newTestApp(t)
	app.Config.Set("PAGE_SIZE", 2)
	client := hipflasktest.New(t, app)
	for i := range 5 {
		tea := "Assam"
		if i == 0 {
			tea = "Earl Grey"
		}
		client.PostForm("/reviews/new", form("tea", tea, "stars", "5", "text", fmt.Sprint("text ", i)))
	}
	const previous, next = `rel="prev" href="`, `rel="next" href="`
	for _, test := range []struct {
		path   string
		status int
		shows  []string
		hides  []string
	}{
		{"/reviews", 200, []string{"text 4", "text 3", "Page 1 of 3", next + `/reviews?page=2"`}, []string{"text 2", previous}},
		{"/reviews?page=2", 200, []string{"text 2", "text 1", previous + `/reviews?page=1"`, next + `/reviews?page=3"`}, nil},
		{"/reviews?page=3", 200, []string{"text 0", previous}, []string{"text 1", next}},
		{"/reviews?page=x", 200, []string{"Page 1 of 3"}, nil},
		{"/reviews?tea=Assam&page=2", 200, []string{"text 2", "text 1", "Page 2 of 2", previous + `/reviews?tea=Assam&amp;page=1"`}, []string{next}},
		{"/reviews?tea=Earl+Grey", 200, []string{"text 0"}, []string{"Page 1", "text 1"}},
		{"/reviews?tea=Coffee", 200, []string{"Nobody has written one yet."}, []string{"Page"}},
		{"/reviews?page=4", 404, nil, nil},
		{"/reviews?page=0", 404, nil, nil},
		{"/reviews?page=-1", 404, nil, nil},
		{"/reviews?page=9223372036854775807", 404, nil, nil},
	} {
		page := client.Get(test.path)
		if page.StatusCode != test.status {
			t.Errorf("%s: got %d, want %d", test.path, page.StatusCode, test.status)
		}
		for _, want := range test.shows {
			if !strings.Contains(page.Body, want) {
				t.Errorf("%s: got %s\nwithout %q", test.path, page, want)
			}
		}
		for _, unwanted := range test.hides {
			if strings.Contains(page.Body, unwanted) {
				t.Errorf("%s: got %s\nwith %q", test.path, page, unwanted)
			}
		}
	}
}

// TestReviewWithoutTeas: a fault of the site is not the visitor's.
func TestReviewWithoutTeas(t *testing.T) {
	defer func(old func() ([]tea, error)) { teas = old }(teas)
	teas = func() ([]tea, error) { return nil, errors.New("no list") }
	page := hipflasktest.New(t, newTestApp(t)).PostForm("/reviews/new", form("tea", "Assam", "stars", "5", "text", "Strong."))
	if page.StatusCode != 500 || strings.Contains(page.Body, "Choose one") {
		t.Errorf("got %s, want 500", page)
	}
}
