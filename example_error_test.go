package hipflask_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/hipflask/hipflask"
)

var errNoRow = errors.New("sql: no rows in result set")

func article(c *hipflask.Context) error {
	switch c.Param("name") {
	case "secret":
		return hipflask.Abort(403)
	case "lost":
		return hipflask.Error(404, "There is no such article.").Wrap(errNoRow)
	case "full":
		return &quotaError{limit: 10}
	}
	return c.Text("an article")
}

type quotaError struct{ limit int }

func (e *quotaError) Error() string { return fmt.Sprintf("more than %d articles", e.limit) }

// An error handler starts with the error's status, so it only has to say what
// the page shows. OnError picks one by type.
func ExampleOnError() {
	app := hipflask.New("errors")
	app.Config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	app.Get("/article/<name>", article)

	app.ErrorHandler(404, func(c *hipflask.Context, err error) error {
		var failure *hipflask.HTTPError
		errors.As(err, &failure) // it is there: the error has a status
		return c.Text(failure.Message)
	})
	hipflask.OnError(app, func(c *hipflask.Context, err *quotaError) error {
		return c.Status(429).Text(err.Error())
	})

	for _, path := range []string{"/article/go", "/article/lost", "/nowhere", "/article/full", "/article/secret"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		line, _, _ := strings.Cut(w.Body.String(), "\n")
		fmt.Println(w.Code, line)
	}

	// Output:
	// 200 an article
	// 404 There is no such article.
	// 404 There is no page at this address. If you typed it, check the spelling.
	// 429 more than 10 articles
	// 403 <!doctype html>
}

// What a status needs beside its page goes with the error. A client that asks
// for JSON gets the page as JSON.
func ExampleHTTPError_WithHeader() {
	app := hipflask.New("limits")
	app.Get("/", func(c *hipflask.Context) error {
		return hipflask.Error(429, "Ten searches a minute are enough.").WithHeader("Retry-After", "30")
	})

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	fmt.Print(w.Body)

	// Output:
	// 429 30
	// {"code":429,"name":"Too Many Requests","description":"Ten searches a minute are enough."}
}

// A closedError says its status itself.
type closedError struct{ shop string }

func (e closedError) Error() string { return e.shop + " is closed" }

func (e closedError) StatusCode() int { return 503 }

// Any error with a method StatusCode is answered with it, inside others too.
// What it says is for the log.
func ExampleStatusCode() {
	app := hipflask.New("shop")
	app.Config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	app.Get("/", func(c *hipflask.Context) error {
		return fmt.Errorf("opening: %w", closedError{"the tea house"})
	})

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "tea house"))
	fmt.Println(hipflask.StatusCode(closedError{}), hipflask.StatusCode(errNoRow))

	// Output:
	// 503 false
	// 503 500
}
