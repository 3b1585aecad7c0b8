package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing/fstest"
	"time"

	"github.com/hipflask/hipflask"
)

func report(c *hipflask.Context) error {
	return c.Attachment("report.csv").SendFile(reports, "2026.csv")
}

// reports would be os.OpenRoot("reports") and its FS in a program.
var reports = fstest.MapFS{"2026.csv": {Data: []byte("a,b\n1,2\n")}}

// The folder static of Config.Root is served under /static by itself. Static
// serves another one, and SendFile a single file.
func ExampleApp_Static() {
	app := hipflask.New("files")
	app.Config.Root = fstest.MapFS{"static/style.css": {Data: []byte("body { margin: 0 }")}}
	app.Config.SendFileMaxAge = time.Hour
	app.Static("/media", fstest.MapFS{"logo.svg": {Data: []byte("<svg/>")}})
	app.Get("/report", report)

	for _, path := range []string{"/static/style.css", "/media/logo.svg", "/report", "/static/", "/static/../main.go"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code, w.Header().Get("Content-Type"))
	}

	// Output:
	// /static/style.css 200 text/css; charset=utf-8
	// /media/logo.svg 200 image/svg+xml; charset=utf-8
	// /report 200 text/csv; charset=utf-8
	// /static/ 404 text/html; charset=utf-8
	// /static/../main.go 404 text/html; charset=utf-8
}

// A download has any name, and comes from a file, from memory or from what can
// seek.
func ExampleContext_Attachment() {
	app := hipflask.New("downloads")
	app.Get("/report", report)
	app.Get("/résumé", func(c *hipflask.Context) error {
		return c.Attachment("Zoë's résumé.pdf").Bytes("application/pdf", []byte("%PDF-"))
	})

	for _, path := range []string{"/report", "/r%C3%A9sum%C3%A9"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Header().Get("Content-Type"))
		fmt.Println(w.Header().Get("Content-Disposition"))
	}

	// Output:
	// text/csv; charset=utf-8
	// attachment; filename=report.csv
	// application/pdf
	// attachment; filename="Zo_'s r_sum_.pdf"; filename*=UTF-8''Zo%C3%AB%27s%20r%C3%A9sum%C3%A9.pdf
}

// SendContent sends parts on request, of what was made in memory too.
func ExampleContext_SendContent() {
	app := hipflask.New("digits")
	app.Get("/digits", func(c *hipflask.Context) error {
		return c.SendContent("digits.txt", time.Time{}, strings.NewReader("0123456789"))
	})

	r := httptest.NewRequest("GET", "/digits", nil)
	r.Header.Set("Range", "bytes=2-4")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Range"), w.Body)

	// Output:
	// 206 bytes 2-4/10 234
}
