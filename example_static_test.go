package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"testing/fstest"
	"time"

	"github.com/hipflask/hipflask"
)

func report(c *hipflask.Context) error {
	c.Header().Set("Content-Disposition", `attachment; filename="report.csv"`)
	return c.SendFile(reports, "2026.csv")
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
