package main

import (
	"net/http"
	"strings"
)

// methodOverride lets a form, which knows GET and POST only, send the other
// methods: <form method="post" action="/notes/7?method=DELETE">. It is middleware
// since the method has to change before the route is chosen.
func methodOverride(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			switch method := strings.ToUpper(r.URL.Query().Get("method")); method {
			case http.MethodPut, http.MethodPatch, http.MethodDelete:
				r.Method = method
			}
		}
		next.ServeHTTP(w, r)
	})
}
