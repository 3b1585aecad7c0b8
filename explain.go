package hipflask

import (
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strconv"
)

// Config.ExplainTemplateLoading. Files are looked for when they are read, all of
// them when setup ends, so that is when most of it is logged.

func (rd *renderer) explains() bool { return rd.app.Config.ExplainTemplateLoading }

// explain logs where each file was looked for, and each that another one names
// and nobody has.
func (s *templateSet) explain(used map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		s.rd.explainFound(name)
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		isDefine := func(f *templateFile) bool { return f.defines[name] != nil }
		if path.Ext(name) != "" && s.files[name] == nil && !slices.ContainsFunc(slices.Collect(maps.Values(s.files)), isDefine) {
			s.rd.explainMissing(name, nil)
		}
	}
}

func (rd *renderer) explainFound(name string) {
	found := 0
	places := rd.places(name, func(fsys fs.FS, file string) string {
		if info, err := fs.Stat(fsys, file); err != nil || info.IsDir() {
			return "no match"
		}
		if found++; found > 1 {
			return fmt.Sprintf("found (%s), hidden by an earlier place", file)
		}
		return fmt.Sprintf("found (%s)", file)
	})
	attrs := []any{slog.String("template", name), places}
	if found > 1 {
		attrs = append(attrs, slog.String("warning", "several places have the template; the first is used"))
	}
	rd.app.Logger().Info("locating template", attrs...)
}

// explainMissing knows the request, if it was one that asked.
func (rd *renderer) explainMissing(name string, c *Context) {
	attrs := []any{
		slog.String("template", name),
		rd.places(name, func(fs.FS, string) string { return "no match" }),
		slog.String("error", "the template could not be found"),
	}
	if c != nil && c.Route() != nil && c.Route().Blueprint() != "" {
		attrs = append(attrs, slog.String("blueprint", c.Route().Blueprint()), slog.String("hint", "is it in the right folder?"))
	}
	rd.app.Logger().Info("locating template", attrs...)
}

// places numbers the places of templates in their order, with what look finds.
func (rd *renderer) places(name string, look func(fsys fs.FS, file string) string) slog.Attr {
	var all []any
	add := func(owner string, fsys fs.FS, file string) {
		all = append(all, slog.String(strconv.Itoa(len(all)+1), owner+": "+look(fsys, file)))
	}
	if rd.root != nil {
		add("application "+rd.app.name, rd.root, path.Join(templatesFolder, name))
	}
	for _, folder := range rd.others {
		add("blueprint "+folder.blueprint, folder.fsys, name)
	}
	return slog.Group("places", all...)
}
