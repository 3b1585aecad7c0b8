package main

import (
	"net/http"

	"github.com/hipflask/hipflask"
)

// language is of the request's URL: the visitor's choice.
var language = hipflask.NewKey[string]("lang")

var greetings = map[string]string{"en": "Good morning", "de": "Guten Morgen"}

// newPages are pages in two languages, /en/hello and /de/hello.
func newPages() *hipflask.Blueprint {
	pages := hipflask.NewBlueprint("pages", "/<any(en, de):lang>")
	pages.URLValuePreprocessor(func(c *hipflask.Context) {
		language.Set(c, c.Param("lang"))
	})
	pages.URLDefaults(func(c *hipflask.Context, endpoint string, values hipflask.Data) {
		if lang, ok := language.Get(c); ok {
			values["lang"] = lang // url_for stays in the language of the page
		}
	})
	pages.Get("/hello", hello)
	pages.Get("/bye", bye)
	return pages
}

func hello(c *hipflask.Context) error {
	lang, _ := language.Get(c)
	next, err := c.URLFor(".bye")
	if err != nil {
		return err
	}
	return c.HTML(`<p>%s!</p><a href="%s">→</a>`, greetings[lang], next)
}

func bye(c *hipflask.Context) error { return c.RedirectTo(".hello", "lang", "en") }

// theme shows a deferred callback: the cookie is set on whatever the reply of
// this request will be.
func theme(c *hipflask.Context) error {
	name := c.Param("name")
	c.AfterThisRequest(func(c *hipflask.Context) error {
		c.SetCookie(&http.Cookie{Name: "theme", Value: name, MaxAge: 365 * 24 * 3600, HttpOnly: true})
		return nil
	})
	return c.RedirectTo("index")
}
