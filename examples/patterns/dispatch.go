package main

import (
	"net/http"

	"github.com/hipflask/hipflask"
)

// newSite puts an app of its own below /admin, beside the site.
func newSite(site, admin *hipflask.App) http.Handler {
	admin.Config.ApplicationRoot = "/admin" // for its URLs, redirects and cookie
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin", admin))
	mux.Handle("/", site)
	return mux
}
