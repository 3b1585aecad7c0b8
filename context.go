package hipflask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// Context is one request and the reply being prepared for it: what Flask keeps
// in request, session, g and the current response.
//
// A Context is made for every request and never used again, and it belongs to
// the goroutine that serves the request. It is not a context.Context; that one
// is c.Request.Context(). What net/http does already, such as reading a header
// or a cookie, is done with Request.
type Context struct {
	// Request is the request as net/http made it, with its body limited to
	// Config.MaxContentLength or the route's, and with the Host and RemoteAddr
	// that Config.TrustedProxies report.
	Request *http.Request

	app   *App
	match found
	rare  *rare // nil until some of it is needed

	session atomic.Pointer[Session] // made at the first call of Session
	state   atomic.Uint32           // sessionSaved, ended

	automaticOptions bool // of the match
	viewMethod       int8 // which of viewMethods answers, if the route is a View; -1 for none

	// The reply; reply.go.
	phase       phase
	dispatching bool // what panics now is an error
	replied     bool // a helper prepared a reply
	open        bool // Header was called: what is in it has to be checked
	body        bodyKind
	code        int32     // the status set so far, or 0
	text        string    // the body, if it is a text
	values      [1]string // backs the value of Content-Type
	w           http.ResponseWriter
}

// rare is what most requests do without: a Context is made for each, and the less
// there is to make, the less there is to clear away.
type rare struct {
	// Of the request:
	vars  []contextVar // what Key.Set stored
	query url.Values   // parsed when first asked for
	form  form         // the same
	miss  *match       // the router's answer, where it is no route

	// Of the reply:
	res       Response    // the reply, if exposed; otherwise its Body may be
	outer     http.Header // what the middleware had set before the App began
	file      *fileReply  // takes the place of the reply's body; static.go
	afterThis HandlerFunc // what AfterThisRequest added
	failure   error       // the first mistake of a helper that returns no error
	unhandled error       // the error without a handler, for the log and the teardown hooks
	streamErr error       // why the stream takes no more

	bodyRead  bool // a helper has read of the request's body
	proxied   bool // another application has or had the request; proxy.go
	exposed   bool // Response was called: the reply is in res from there on
	condition bool // Conditional was called
	streams   bool // Stream was called
	retried   bool // the reply is that of an error in finishing another
	cut       bool // the connection is to be cut, since the reply cannot be made whole
}

// The bits of Context.state.
const (
	sessionSaved = 1 << iota // the session takes no more changes
	ended                    // so does the reply
)

// more is what is rarely needed, to be changed.
func (c *Context) more() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// seldom is what is rarely needed, to be looked at. It must not be changed: for most
// requests it is the same.
func (c *Context) seldom() *rare {
	if c.rare == nil {
		return &nothingRare
	}
	return c.rare
}

var nothingRare rare

// newContext begins a request.
func (a *App) newContext(w http.ResponseWriter, r *http.Request) *Context {
	c := &Context{Request: r, app: a, w: w}
	if h := w.Header(); len(h) > 0 {
		c.more().outer, c.open = h.Clone(), true
	}
	if r.Body != nil && r.Body != http.NoBody {
		whole := r.Body
		r.Body = limited(w, whole, a.Config.maxContentLength())
		if a.routeLimits {
			r.Body = &limitedBody{r.Body, whole}
		}
	}
	return c
}

// NewContext makes a Context outside the App's own serving, with the route that
// r matches: for tests and commands that render a page or build a URL. No hook
// runs and nothing is sent, but for what is written to its Writer. A nil w keeps
// the reply's header to itself. It ends setup, and panics if that left a mistake.
// It is Flask's test_request_context.
func (a *App) NewContext(w http.ResponseWriter, r *http.Request) *Context {
	if err := a.endSetup(); err != nil {
		panic(err)
	}
	if w == nil {
		w = &nowhere{header: http.Header{}}
	}
	c := a.newContext(w, canonical(a.behindProxies(r)))
	c.findRoute()
	return c
}

// nowhere is a ResponseWriter without a client.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

type contextKey struct{}

// From returns the Context of a request inside an http.Handler that was mounted
// with [App.Handle], and nil anywhere else.
func From(r *http.Request) *Context {
	c, _ := r.Context().Value(contextKey{}).(*Context)
	return c
}

// AfterThisRequest adds an after-hook for this request only. Such hooks run in
// the order added, before those of [App.AfterRequest]. It is Flask's
// after_this_request.
func (c *Context) AfterThisRequest(h HandlerFunc) {
	earlier := c.more().afterThis
	if earlier == nil {
		c.rare.afterThis = h
		return
	}
	c.rare.afterThis = func(c *Context) error {
		if err := earlier(c); err != nil {
			return err
		}
		return h(c)
	}
}

// App returns the App that serves the request: Flask's current_app.
func (c *Context) App() *App { return c.app }

// Route returns the route that matched, or nil where none did.
func (c *Context) Route() *Route { return c.match.route }

// Param returns the text of a variable of the matched rule, decoded, or of a
// route's default; empty if there is no such variable.
func (c *Context) Param(name string) string {
	text, _ := c.match.param(name)
	return text
}

// ParamInt returns the value of an int variable of the matched rule, or of a
// route's default; 0 if the rule that matched does not have it. It cannot fail
// on what a visitor sends, since a path with another text does not match. It
// panics if the variable is there and no int: write <int:name> in the rule.
func (c *Context) ParamInt(name string) int {
	n, ok := c.match.int(name)
	if !ok {
		if _, there := c.match.param(name); there {
			panic(fmt.Sprintf("hipflask: ParamInt(%q): in the rule %q it is no int; write <int:%s>", name, c.match.route.rule.text, name))
		}
	}
	return n
}

// Query returns the first value of a name in the query string, or "". It is
// Flask's request.args.get. What is not properly encoded stands as it came, and
// bytes that are no UTF-8 are U+FFFD.
func (c *Context) Query(name string) string {
	return c.QueryValues().Get(name)
}

// QueryValues returns the whole query string, for names with several values and
// names not known before: Flask's request.args with getlist, "in" and items. The
// map is the request's own; do not change it.
func (c *Context) QueryValues() url.Values {
	more := c.more()
	if more.query == nil {
		more.query = parseValues(c.Request.URL.RawQuery)
	}
	return more.query
}

// QueryInt returns the first value of a name in the query string as an int, or
// otherwise if it is missing or no int: Flask's request.args.get(name, otherwise,
// type=int), as for the number of a page.
func (c *Context) QueryInt(name string, otherwise int) int {
	n, err := strconv.Atoi(strings.TrimSpace(c.Query(name)))
	if err != nil {
		return otherwise
	}
	return n
}

// Form returns the first value of a field of the request's form, urlencoded or
// multipart, or "": Flask's request.form.get. The query string is no part of
// it. A form over the limits of Config reads as empty, and the reply will be
// 413 whatever the handler prepares.
func (c *Context) Form(name string) string {
	return c.parseForm().values.Get(name)
}

// FormValues returns all fields of the form, for names with several values and
// names not known before: Flask's request.form with getlist, "in" and items, but
// not in the order sent. The map is the request's own; do not change it.
func (c *Context) FormValues() url.Values {
	return c.parseForm().values
}

// RequireForm is [Context.Form] for a field that must be there, if empty. Its
// error is a 400 that names the field, as Flask's request.form[name], or a 413.
func (c *Context) RequireForm(name string) (string, error) {
	form := c.parseForm()
	switch {
	case form.err != nil:
		return "", form.err
	case !form.values.Has(name):
		return "", Error(http.StatusBadRequest, fmt.Sprintf("The form has no field %q.", name))
	}
	return form.values.Get(name), nil
}

// File returns the first file uploaded under a field's name: Flask's
// request.files[name]. Its error is a 400 that names the field, also where the
// visitor chose no file, or a 413. What a browser says of a file, its name and
// its type, is the visitor's word: never use the name as a path.
func (c *Context) File(name string) (*multipart.FileHeader, error) {
	form := c.parseForm()
	switch {
	case form.err != nil:
		return nil, form.err
	case len(form.files[name]) == 0:
		return nil, Error(http.StatusBadRequest, fmt.Sprintf("The form has no file %q.", name))
	}
	return form.files[name][0], nil
}

// BindJSON decodes the request's JSON body into dst, as json.Unmarshal does; but
// into an any, or a map or list of them, whole numbers are int and lose no digit.
// The error is right to return: 415 if the request says it holds something else,
// 413 for a body over the limit, 400 for a body that is no JSON, is more than
// one value, or does not fit dst; in Debug it says what is wrong with it.
func (c *Context) BindJSON(dst any) error {
	mediaType, _, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return Error(http.StatusUnsupportedMediaType, "The body must be JSON, and Content-Type must say application/json.")
	}
	buffer := buffers.Get().(*[]byte)
	body, err := c.appendBody((*buffer)[:0], -1)
	defer keepBuffer(buffer, body)
	if err != nil {
		return err
	}
	if err = unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), dst); err == nil && !utf8.Valid(body) {
		err = errors.New("the text is not UTF-8") // encoding/json would put U+FFFD in its place
	}
	var misfit *json.UnmarshalTypeError
	switch {
	case errors.As(err, &misfit) && misfit.Field != "":
		return Error(http.StatusBadRequest, fmt.Sprintf("The JSON field %q has the wrong type.", misfit.Field)).Wrap(err)
	case err != nil:
		message := "The body is not the JSON this address accepts."
		if c.app.Config.Debug {
			message += " " + err.Error()
		}
		return Error(http.StatusBadRequest, message).Wrap(err)
	}
	return nil
}

// appendBody reads the request's body, of at most limit bytes if that is not
// negative. Its error has a status.
func (c *Context) appendBody(dst []byte, limit int64) (_ []byte, err error) {
	if c.Request.Body == nil {
		return dst, nil
	}
	for err == nil {
		dst = slices.Grow(dst, 512)
		var n int
		n, err = c.Request.Body.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if limit >= 0 && int64(len(dst)) > limit {
			// As if it were read by a MaxBytesReader, which tells the server not to read on.
			http.MaxBytesReader(c.w, c.Request.Body, 0).Read(make([]byte, 1))
			err = &http.MaxBytesError{Limit: limit}
		}
	}
	if err == io.EOF {
		err = nil
	}
	if len(dst) > 0 || err != nil {
		c.more().bodyRead = true
	}
	if err == nil {
		return dst, nil
	}
	if _, known := asHTTPError(err); !known {
		err = Error(http.StatusBadRequest, "The body of the request did not arrive whole.").Wrap(err)
	}
	return dst, err
}

// form is the form of a request.
type form struct {
	parsed bool
	values url.Values
	files  map[string][]*multipart.FileHeader
	err    error // it is over a limit
}

// parseForm reads the form once. What is no form, or a broken one, is empty, as
// in Flask; one over the limits is also the request's failure.
func (c *Context) parseForm() *form {
	read := &c.more().form
	if read.parsed {
		return read
	}
	read.parsed = true
	mediaType := c.Request.Header.Get("Content-Type")
	if mediaType != formType {
		mediaType, _, _ = mime.ParseMediaType(mediaType)
	}
	var err error
	switch mediaType {
	case formType:
		read.values, err = c.readURLEncoded()
	case "multipart/form-data":
		read.values, read.files, err = c.readMultipart()
	}
	if err != nil && StatusCode(err) == http.StatusRequestEntityTooLarge {
		read.err = err
		c.fail(err)
	}
	return read
}

const formType = "application/x-www-form-urlencoded"

func (c *Context) readURLEncoded() (url.Values, error) {
	if c.Request.PostForm != nil { // a middleware parsed it
		return c.Request.PostForm, nil
	}
	buffer := buffers.Get().(*[]byte)
	body, err := c.appendBody((*buffer)[:0], c.app.Config.maxFormMemorySize())
	defer keepBuffer(buffer, body)
	if err != nil {
		return nil, err
	}
	c.Request.PostForm = parseValues(string(body))
	return c.Request.PostForm, nil
}

func (c *Context) readMultipart() (url.Values, map[string][]*multipart.FileHeader, error) {
	if c.Request.ContentLength != 0 {
		c.more().bodyRead = true
	}
	err := c.Request.ParseMultipartForm(1 << 20) // files above it go to the disk
	switch {
	case c.Request.MultipartForm != nil: // an error is then the query string's
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return nil, nil, Abort(http.StatusRequestEntityTooLarge).Wrap(err)
	case err != nil:
		return nil, nil, err
	}
	form := c.Request.MultipartForm
	parts := 0
	for name, values := range form.Value {
		parts += len(values)
		for _, v := range values {
			if limit := c.app.Config.maxFormMemorySize(); limit >= 0 && int64(len(v)) > limit {
				return nil, nil, Abort(http.StatusRequestEntityTooLarge).Wrap(
					fmt.Errorf("hipflask: the field %q is above MAX_FORM_MEMORY_SIZE, %d bytes", name, limit))
			}
		}
	}
	for _, headers := range form.File {
		parts += len(headers)
	}
	if limit := c.app.Config.maxFormParts(); limit >= 0 && parts > limit {
		return nil, nil, Abort(http.StatusRequestEntityTooLarge).Wrap(
			fmt.Errorf("hipflask: %d form parts are above MAX_FORM_PARTS, %d", parts, limit))
	}
	return form.Value, form.File, nil
}

// removeUploads deletes what a multipart form left on the disk. net/http does
// this only for the Request it made itself, which a middleware may have copied.
func (c *Context) removeUploads() {
	if err := c.Request.MultipartForm.RemoveAll(); err != nil {
		c.app.logError(c, "uploaded files were not removed", err)
	}
}

// maxPairs bounds the names in one query string or form.
const maxPairs = 10_000

// parseValues reads a query string as Flask does: what is not properly encoded
// stays as it is instead of being dropped, and only & separates.
func parseValues(text string) url.Values {
	values := url.Values{}
	for pairs := 0; text != "" && pairs < maxPairs; pairs++ {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescapeQuery(name)
		values[name] = append(values[name], unescapeQuery(value))
	}
	return values
}

func unescapeQuery(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return strings.ToValidUTF8(plain, "\ufffd")
	}
	return strings.ReplaceAll(text, "+", " ")
}

// Key names a value of type T that a handler, a hook or a decorator leaves for
// later ones of the same request: Flask's g, with types. In a page, {{g.user}}
// reads the value of the Key named "user".
type Key[T any] struct{ id *string }

// NewKey returns a new Key. Two Keys are different even under one name, of
// which a page then sees the value set last.
func NewKey[T any](name string) Key[T] { return Key[T]{id: &name} }

// Set stores v for the rest of the request.
func (k Key[T]) Set(c *Context, v T) {
	vars := c.more().vars
	for i := range vars {
		if vars[i].id == k.id {
			vars[i].value = v
			return
		}
	}
	c.rare.vars = append(vars, contextVar{id: k.id, value: v})
}

// Get returns the value stored in this request, and whether there is one.
func (k Key[T]) Get(c *Context) (v T, ok bool) {
	for _, stored := range c.seldom().vars {
		if stored.id == k.id {
			v, _ = stored.value.(T) // a nil error is no error to a type assertion
			return v, true
		}
	}
	return v, false
}

// String returns the Key's name.
func (k Key[T]) String() string { return *k.id }

type contextVar struct {
	id    *string // identifies the Key and points to its name
	value any
}

// g returns the values of the request's Keys by name.
func (c *Context) g() map[string]any {
	all := make(map[string]any, len(c.seldom().vars))
	for _, v := range c.seldom().vars {
		if !isNil(v.value) {
			all[*v.id] = v.value
		}
	}
	return all
}

// contextValue is one of the values of g: that of the Key of the name which was
// first set last.
func (c *Context) contextValue(name string) (value any, ok bool) {
	for _, v := range slices.Backward(c.seldom().vars) {
		if *v.id == name && !isNil(v.value) {
			return v.value, true
		}
	}
	return nil, false
}

// startOver forgets the reply prepared so far and begins the one of an error.
func (c *Context) startOver(failure *HTTPError) {
	h, more := c.w.Header(), c.more()
	clear(h)
	maps.Copy(h, more.outer)
	maps.Copy(h, failure.Header)
	c.open = c.open || len(h) > 0
	c.setBody(nil)
	c.setStatus(failure.Code)
	more.failure, more.streams, c.replied = nil, false, false
}

// fail remembers the first mistake of a helper that cannot return it.
func (c *Context) fail(err error) {
	if more := c.more(); more.failure == nil {
		more.failure = err
	}
}

// firstError returns err, else what a helper left with fail.
func (c *Context) firstError(err error) error {
	if err == nil {
		err = c.seldom().failure
	}
	return err
}
