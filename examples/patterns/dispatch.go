package main

import (
	"net/http"
	"time"

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

// newServer is for who wants limits that Run does not set.
func newServer(app http.Handler) *http.Server {
	server := &http.Server{
		Addr:              "127.0.0.1:8000",
		Handler:           app,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute, // the body too: uploads must be quicker
		IdleTimeout:       2 * time.Minute,
	}
	return server
}
