// Package news is a part of the site that is written apart: a blueprint with its
// own pages, style and error page.
package news

import (
	"embed"
	"io/fs"

	"github.com/hipflask/hipflask"
)

//go:embed templates static
var files embed.FS

var articles = map[string]string{"harvest": "The harvest was good.", "rain": "It rained a lot."}

// New returns the blueprint. An app registers it under /news, or elsewhere.
func New() *hipflask.Blueprint {
	bp := hipflask.NewBlueprint("news", "/news")
	bp.Templates(folder("templates"))
	bp.Static("/static", folder("static"))

	bp.AfterRequest(cacheControl)
	bp.ErrorHandler(404, notFound)
	bp.ContextProcessor(func(c *hipflask.Context) hipflask.Data {
		return hipflask.Data{"section": "tea news"} // in pages of this blueprint only
	})

	bp.Get("/", index)
	bp.Get("/<name>", article)
	return bp
}

func index(c *hipflask.Context) error {
	return c.Render("news/index.html", hipflask.Data{"articles": articles})
}

func article(c *hipflask.Context) error {
	text, found := articles[c.Param("name")]
	if !found {
		return hipflask.Abort(404)
	}
	return c.Render("news/article.html", hipflask.Data{"name": c.Param("name"), "text": text})
}

func notFound(c *hipflask.Context, err error) error {
	return c.Render("news/404.html", nil)
}

func cacheControl(c *hipflask.Context) error {
	c.Header().Set("Cache-Control", "private, max-age=60")
	return nil
}

// folder is a folder that is embedded, and so there.
func folder(name string) fs.FS {
	fsys, err := fs.Sub(files, name)
	if err != nil {
		panic(err)
	}
	return fsys
}
