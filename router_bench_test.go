package hipflask

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/julienschmidt/httprouter"
)

// Each benchmark has plain httprouter's Lookup beside it, for the price of what
// the router adds.

func BenchmarkMatchText(b *testing.B) {
	benchmarkMatch(b, []string{"GET /", "GET /about", "GET /login", "POST /login"}, []string{"GET /about"})
}

func BenchmarkMatchParam(b *testing.B) {
	benchmarkMatch(b, []string{"GET /", "GET /about", "GET /post/<int:id>", "POST /post/<int:id>/delete"}, []string{"GET /post/1234"})
}

// Two layers: /create beside /<int:id>/update, Flask's tutorial.
func BenchmarkMatchLayers(b *testing.B) {
	benchmarkMatch(b, []string{"GET /", "GET /create", "GET /<int:id>/update", "POST /<int:id>/delete"}, []string{"GET /1234/update"})
}

// One request for each route of GitHub's API.
func BenchmarkMatchGitHub(b *testing.B) {
	routes := strings.Split(strings.TrimSpace(githubAPI), "\n")
	variables := regexp.MustCompile(`<([^>]*)>`)
	requests := make([]string, len(routes))
	for i, route := range routes {
		requests[i] = variables.ReplaceAllStringFunc(route, func(v string) string {
			switch {
			case strings.HasPrefix(v, "<int:"):
				return "1234"
			case strings.HasPrefix(v, "<any("):
				return "zipball"
			}
			return strings.Trim(v, "<>")
		})
	}
	benchmarkMatch(b, routes, requests)
}

// benchmarkMatch measures all requests as one operation.
func benchmarkMatch(b *testing.B, routes, requests []string) {
	rows := make([]any, len(routes))
	for i, route := range routes {
		rows[i] = route
	}
	rt := testRouter(b, rows...)
	methods, paths := make([]string, len(requests)), make([]string, len(requests))
	for i, request := range requests {
		methods[i], paths[i], _ = strings.Cut(request, " ")
		if m := rt.match(methods[i], "", paths[i]); m.route == nil {
			b.Fatalf("%s: %s", request, show(m))
		}
	}
	b.Run("hipflask", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i, path := range paths {
				m := rt.match(methods[i], "", path)
				if m.route == nil {
					b.Fatal(path)
				}
			}
		}
	})
	plain := plainRouter(routes)
	b.Run("httprouter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i, path := range paths {
				plain.Lookup(methods[i], path)
			}
		}
	})
}

// plainRouter registers as many of the routes as httprouter takes: of GitHub's,
// all but a few.
func plainRouter(routes []string) *httprouter.Router {
	plain := httprouter.New()
	variable := regexp.MustCompile(`<(?:[^>]*:)?([^>]*)>`)
	for _, route := range routes {
		method, rule, _ := strings.Cut(route, " ")
		func() {
			defer func() { _ = recover() }() // a conflict
			plain.Handle(method, variable.ReplaceAllString(rule, ":$1"), func(http.ResponseWriter, *http.Request, httprouter.Params) {})
		}()
	}
	return plain
}

func TestMatchAllocations(t *testing.T) {
	rt := testRouter(t, "/", "/about", "/projects/", "/user/<name>", "/post/<int:id>", "/wiki/<path:page>")
	for _, tt := range []struct {
		path string
		want float64 // httprouter's Params
	}{
		{"/", 0}, {"/about", 0}, {"/projects/", 0}, {"/user/ada", 1}, {"/post/7", 1}, {"/wiki/a/b", 1},
	} {
		if got := testing.AllocsPerRun(200, func() { rt.match("GET", "", tt.path) }); got != tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.path, got, tt.want)
		}
	}
	if len(rt.tables[0].layers) != 1 {
		t.Errorf("%d layers, want 1: nothing here conflicts", len(rt.tables[0].layers))
	}
}

// The routes of GitHub's public API, version 3.
const githubAPI = `
GET /authorizations
POST /authorizations
GET /authorizations/<int:id>
PUT /authorizations/clients/<client_id>
PATCH /authorizations/<int:id>
DELETE /authorizations/<int:id>
GET /applications/<client_id>/tokens/<access_token>
DELETE /applications/<client_id>/tokens
DELETE /applications/<client_id>/tokens/<access_token>
GET /events
GET /repos/<owner>/<repo>/events
GET /networks/<owner>/<repo>/events
GET /orgs/<org>/events
GET /users/<user>/received_events
GET /users/<user>/received_events/public
GET /users/<user>/events
GET /users/<user>/events/public
GET /users/<user>/events/orgs/<org>
GET /feeds
GET /notifications
GET /repos/<owner>/<repo>/notifications
PUT /notifications
PUT /repos/<owner>/<repo>/notifications
GET /notifications/threads/<int:id>
PATCH /notifications/threads/<int:id>
GET /notifications/threads/<int:id>/subscription
PUT /notifications/threads/<int:id>/subscription
DELETE /notifications/threads/<int:id>/subscription
GET /repos/<owner>/<repo>/stargazers
GET /users/<user>/starred
GET /user/starred
GET /user/starred/<owner>/<repo>
PUT /user/starred/<owner>/<repo>
DELETE /user/starred/<owner>/<repo>
GET /repos/<owner>/<repo>/subscribers
GET /users/<user>/subscriptions
GET /user/subscriptions
GET /repos/<owner>/<repo>/subscription
PUT /repos/<owner>/<repo>/subscription
DELETE /repos/<owner>/<repo>/subscription
GET /user/subscriptions/<owner>/<repo>
PUT /user/subscriptions/<owner>/<repo>
DELETE /user/subscriptions/<owner>/<repo>
GET /users/<user>/gists
GET /gists
GET /gists/public
GET /gists/starred
GET /gists/<int:id>
POST /gists
PATCH /gists/<int:id>
GET /gists/<int:id>/commits
PUT /gists/<int:id>/star
DELETE /gists/<int:id>/star
GET /gists/<int:id>/star
POST /gists/<int:id>/forks
DELETE /gists/<int:id>
GET /repos/<owner>/<repo>/git/blobs/<sha>
POST /repos/<owner>/<repo>/git/blobs
GET /repos/<owner>/<repo>/git/commits/<sha>
POST /repos/<owner>/<repo>/git/commits
GET /repos/<owner>/<repo>/git/refs
POST /repos/<owner>/<repo>/git/refs
GET /repos/<owner>/<repo>/git/refs/<path:ref>
PATCH /repos/<owner>/<repo>/git/refs/<path:ref>
DELETE /repos/<owner>/<repo>/git/refs/<path:ref>
GET /repos/<owner>/<repo>/git/tags/<sha>
POST /repos/<owner>/<repo>/git/tags
GET /repos/<owner>/<repo>/git/trees/<sha>
POST /repos/<owner>/<repo>/git/trees
GET /issues
GET /user/issues
GET /orgs/<org>/issues
GET /repos/<owner>/<repo>/issues
GET /repos/<owner>/<repo>/issues/<int:number>
POST /repos/<owner>/<repo>/issues
PATCH /repos/<owner>/<repo>/issues/<int:number>
GET /repos/<owner>/<repo>/assignees
GET /repos/<owner>/<repo>/assignees/<assignee>
GET /repos/<owner>/<repo>/issues/<int:number>/comments
GET /repos/<owner>/<repo>/issues/comments
GET /repos/<owner>/<repo>/issues/comments/<int:id>
POST /repos/<owner>/<repo>/issues/<int:number>/comments
PATCH /repos/<owner>/<repo>/issues/comments/<int:id>
DELETE /repos/<owner>/<repo>/issues/comments/<int:id>
GET /repos/<owner>/<repo>/issues/<int:number>/events
GET /repos/<owner>/<repo>/issues/events
GET /repos/<owner>/<repo>/issues/events/<int:id>
GET /repos/<owner>/<repo>/labels
GET /repos/<owner>/<repo>/labels/<name>
POST /repos/<owner>/<repo>/labels
PATCH /repos/<owner>/<repo>/labels/<name>
DELETE /repos/<owner>/<repo>/labels/<name>
GET /repos/<owner>/<repo>/issues/<int:number>/labels
POST /repos/<owner>/<repo>/issues/<int:number>/labels
DELETE /repos/<owner>/<repo>/issues/<int:number>/labels/<name>
PUT /repos/<owner>/<repo>/issues/<int:number>/labels
DELETE /repos/<owner>/<repo>/issues/<int:number>/labels
GET /repos/<owner>/<repo>/milestones/<int:number>/labels
GET /repos/<owner>/<repo>/milestones
GET /repos/<owner>/<repo>/milestones/<int:number>
POST /repos/<owner>/<repo>/milestones
PATCH /repos/<owner>/<repo>/milestones/<int:number>
DELETE /repos/<owner>/<repo>/milestones/<int:number>
GET /emojis
GET /gitignore/templates
GET /gitignore/templates/<name>
POST /markdown
POST /markdown/raw
GET /meta
GET /rate_limit
GET /users/<user>/orgs
GET /user/orgs
GET /orgs/<org>
PATCH /orgs/<org>
GET /orgs/<org>/members
GET /orgs/<org>/members/<user>
DELETE /orgs/<org>/members/<user>
GET /orgs/<org>/public_members
GET /orgs/<org>/public_members/<user>
PUT /orgs/<org>/public_members/<user>
DELETE /orgs/<org>/public_members/<user>
GET /orgs/<org>/teams
GET /teams/<int:id>
POST /orgs/<org>/teams
PATCH /teams/<int:id>
DELETE /teams/<int:id>
GET /teams/<int:id>/members
GET /teams/<int:id>/members/<user>
PUT /teams/<int:id>/members/<user>
DELETE /teams/<int:id>/members/<user>
GET /teams/<int:id>/repos
GET /teams/<int:id>/repos/<owner>/<repo>
PUT /teams/<int:id>/repos/<owner>/<repo>
DELETE /teams/<int:id>/repos/<owner>/<repo>
GET /user/teams
GET /repos/<owner>/<repo>/pulls
GET /repos/<owner>/<repo>/pulls/<int:number>
POST /repos/<owner>/<repo>/pulls
PATCH /repos/<owner>/<repo>/pulls/<int:number>
GET /repos/<owner>/<repo>/pulls/<int:number>/commits
GET /repos/<owner>/<repo>/pulls/<int:number>/files
GET /repos/<owner>/<repo>/pulls/<int:number>/merge
PUT /repos/<owner>/<repo>/pulls/<int:number>/merge
GET /repos/<owner>/<repo>/pulls/<int:number>/comments
GET /repos/<owner>/<repo>/pulls/comments
GET /repos/<owner>/<repo>/pulls/comments/<int:number>
PUT /repos/<owner>/<repo>/pulls/<int:number>/comments
PATCH /repos/<owner>/<repo>/pulls/comments/<int:number>
DELETE /repos/<owner>/<repo>/pulls/comments/<int:number>
GET /user/repos
GET /users/<user>/repos
GET /orgs/<org>/repos
GET /repositories
POST /user/repos
POST /orgs/<org>/repos
GET /repos/<owner>/<repo>
PATCH /repos/<owner>/<repo>
GET /repos/<owner>/<repo>/contributors
GET /repos/<owner>/<repo>/languages
GET /repos/<owner>/<repo>/teams
GET /repos/<owner>/<repo>/tags
GET /repos/<owner>/<repo>/branches
GET /repos/<owner>/<repo>/branches/<branch>
DELETE /repos/<owner>/<repo>
GET /repos/<owner>/<repo>/collaborators
GET /repos/<owner>/<repo>/collaborators/<user>
PUT /repos/<owner>/<repo>/collaborators/<user>
DELETE /repos/<owner>/<repo>/collaborators/<user>
GET /repos/<owner>/<repo>/comments
GET /repos/<owner>/<repo>/commits/<sha>/comments
POST /repos/<owner>/<repo>/commits/<sha>/comments
GET /repos/<owner>/<repo>/comments/<int:id>
PATCH /repos/<owner>/<repo>/comments/<int:id>
DELETE /repos/<owner>/<repo>/comments/<int:id>
GET /repos/<owner>/<repo>/commits
GET /repos/<owner>/<repo>/commits/<sha>
GET /repos/<owner>/<repo>/readme
GET /repos/<owner>/<repo>/contents/<path:file>
PUT /repos/<owner>/<repo>/contents/<path:file>
DELETE /repos/<owner>/<repo>/contents/<path:file>
GET /repos/<owner>/<repo>/<any(tarball,zipball):format>/<ref>
GET /repos/<owner>/<repo>/keys
GET /repos/<owner>/<repo>/keys/<int:id>
POST /repos/<owner>/<repo>/keys
PATCH /repos/<owner>/<repo>/keys/<int:id>
DELETE /repos/<owner>/<repo>/keys/<int:id>
GET /repos/<owner>/<repo>/downloads
GET /repos/<owner>/<repo>/downloads/<int:id>
DELETE /repos/<owner>/<repo>/downloads/<int:id>
GET /repos/<owner>/<repo>/forks
POST /repos/<owner>/<repo>/forks
GET /repos/<owner>/<repo>/hooks
GET /repos/<owner>/<repo>/hooks/<int:id>
POST /repos/<owner>/<repo>/hooks
PATCH /repos/<owner>/<repo>/hooks/<int:id>
POST /repos/<owner>/<repo>/hooks/<int:id>/tests
DELETE /repos/<owner>/<repo>/hooks/<int:id>
POST /repos/<owner>/<repo>/merges
GET /repos/<owner>/<repo>/releases
GET /repos/<owner>/<repo>/releases/<int:id>
POST /repos/<owner>/<repo>/releases
PATCH /repos/<owner>/<repo>/releases/<int:id>
DELETE /repos/<owner>/<repo>/releases/<int:id>
GET /repos/<owner>/<repo>/releases/<int:id>/assets
GET /repos/<owner>/<repo>/stats/contributors
GET /repos/<owner>/<repo>/stats/commit_activity
GET /repos/<owner>/<repo>/stats/code_frequency
GET /repos/<owner>/<repo>/stats/participation
GET /repos/<owner>/<repo>/stats/punch_card
GET /repos/<owner>/<repo>/statuses/<ref>
POST /repos/<owner>/<repo>/statuses/<ref>
GET /search/repositories
GET /search/code
GET /search/issues
GET /search/users
GET /user
GET /users/<user>
PATCH /user
GET /users
GET /user/emails
POST /user/emails
DELETE /user/emails
GET /users/<user>/followers
GET /user/followers
GET /users/<user>/following
GET /user/following
GET /user/following/<user>
GET /users/<user>/following/<target>
PUT /user/following/<user>
DELETE /user/following/<user>
GET /users/<user>/keys
GET /user/keys
GET /user/keys/<int:id>
POST /user/keys
PATCH /user/keys/<int:id>
DELETE /user/keys/<int:id>
`
