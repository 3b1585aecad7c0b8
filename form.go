package hipflask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What came with the request: the query string, the form and the body.

// sent is what of the request is read when a handler asks for it.
type sent struct {
	body       sentBody // without a reader if there is none
	bodyRead   bool     // a helper has read of it
	formParsed bool
	query      *fields
	form       form
}

// received is what came with the request, to be read.
func (c *Context) received() *sent {
	if c.sent == nil {
		c.sent = &sent{}
	}
	return c.sent
}

// Query returns the first value of a name in the query string, or "". It is
// Flask's request.args.get. What is not properly encoded stands as it came, and
// bytes that are no UTF-8 are U+FFFD.
func (c *Context) Query(name string) string {
	value, _ := c.query().get(name)
	return value
}

// QueryValues returns the whole query string, for names with several values and
// names not known before: Flask's request.args with getlist, "in" and items. The
// map is the request's own; do not change it.
func (c *Context) QueryValues() url.Values {
	return c.query().values()
}

func (c *Context) query() *fields {
	sent := c.received()
	if sent.query == nil {
		sent.query = &fields{}
		sent.query.parse(c.Request.URL.RawQuery)
	}
	return sent.query
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
// it. A form over the limits of Config, or one that does not arrive whole, reads as
// empty, and the reply will be 413 or 400 whatever the handler prepares. A urlencoded
// one can be read once more from Request, by a library of forms; Request.PostForm is
// set by Request.ParseForm, as ever.
func (c *Context) Form(name string) string {
	value, _ := c.parseForm().get(name)
	return value
}

// FormValues returns all fields of the form, for names with several values and
// names not known before: Flask's request.form with getlist, "in" and items, but
// not in the order sent. The map is the request's own; do not change it.
func (c *Context) FormValues() url.Values {
	return c.parseForm().values()
}

// RequireForm is [Context.Form] for a field that must be there, if empty. Its
// error is a 400 that names the field, as Flask's request.form[name], or what kept the
// form from being read, a 413 or a 400.
func (c *Context) RequireForm(name string) (string, error) {
	form := c.parseForm()
	value, found := form.get(name)
	switch {
	case form.err != nil:
		return "", form.err
	case !found:
		return "", Error(http.StatusBadRequest, fmt.Sprintf("The form has no field %q.", name))
	}
	return value, nil
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
	body, err := c.appendBody(nil, -1) // in no buffer of the pool: a decoder may keep it
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
	if limit >= 0 && c.Request.ContentLength > limit {
		return dst, bodyTooLarge(c.w, limit)
	}
	for err == nil {
		dst = slices.Grow(dst, 512)
		var n int
		n, err = c.Request.Body.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if limit >= 0 && int64(len(dst)) > limit {
			err = bodyTooLarge(c.w, limit)
		}
	}
	if err == io.EOF {
		err = nil
	}
	if len(dst) > 0 || err != nil {
		c.received().bodyRead = true
	}
	return dst, err
}

// sentBody is the body as it arrives. An error in that is a 400, and one that says it is
// too long is not waited for.
type sentBody struct {
	io.ReadCloser
	c     *Context
	limit int64 // negative for none
}

func (b *sentBody) Read(p []byte) (int, error) {
	if b.limit >= 0 && b.c.Request.ContentLength > b.limit {
		return 0, bodyTooLarge(b.c.w, b.limit)
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = Error(http.StatusBadRequest, "The body of the request did not arrive whole.").Wrap(err)
	}
	return n, err
}

// bodyTooLarge is the error of a body above the limit. The server is told not to read
// on, as only a MaxBytesReader can.
func bodyTooLarge(w http.ResponseWriter, limit int64) error {
	http.MaxBytesReader(w, io.NopCloser(strings.NewReader("more")), 0).Read(make([]byte, 1))
	return &http.MaxBytesError{Limit: limit}
}

// limitBody limits the body to so many bytes, or not at all if that is negative. It is
// net/http's reader that does so, which Request.ParseForm knows.
func (c *Context) limitBody(limit int64) {
	if c.sent == nil || c.sent.body.ReadCloser == nil {
		return
	}
	body := &c.sent.body
	body.limit = limit
	if c.Request.Body = body; limit >= 0 {
		c.Request.Body = http.MaxBytesReader(c.w, body, limit)
	}
}

// form is the form of a request.
type form struct {
	fields
	files map[string][]*multipart.FileHeader
	err   error    // it is over a limit
	again formBody // of a form that was read
}

// formBody is a body that was read, to be read once more.
type formBody struct{ rest string }

func (b *formBody) Read(p []byte) (n int, err error) {
	if b.rest == "" && len(p) > 0 {
		return 0, io.EOF
	}
	n = copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *formBody) Close() error { return nil }

// parseForm reads the form once. What is no form, or a broken one, is empty, as
// in Flask; one over the limits, or that did not arrive whole, is also the request's
// failure.
func (c *Context) parseForm() *form {
	sent := c.received()
	read := &sent.form
	if sent.formParsed {
		return read
	}
	sent.formParsed = true
	mediaType := formType
	if types := c.Request.Header["Content-Type"]; len(types) == 0 || types[0] != formType { // which most have
		mediaType, _, _ = mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	}
	var err error
	switch mediaType {
	case formType:
		err = c.readURLEncoded(read)
	case "multipart/form-data":
		read.byName, read.files, err = c.readMultipart()
		read.byName = validValues(read.byName)
	}
	if err != nil {
		if _, known := asHTTPError(err); known {
			read.err = err
			c.fail(err)
		}
	}
	return read
}

const formType = "application/x-www-form-urlencoded"

// readURLEncoded reads the body, and leaves it to be read once more: a handler that
// asks the Request for its form finds it as well.
func (c *Context) readURLEncoded(form *form) error {
	if c.Request.PostForm != nil { // a middleware parsed it
		form.byName = validValues(c.Request.PostForm)
		return nil
	}
	buffer := buffers.get()
	body, err := c.appendBody((*buffer)[:0], c.app.Config.maxFormMemorySize())
	defer buffers.keep(buffer, body)
	if err == nil && len(body) > 0 {
		form.again.rest = string(body)
		c.Request.Body = &form.again
		if !form.parse(form.again.rest) {
			return Abort(http.StatusRequestEntityTooLarge).Wrap(fmt.Errorf("hipflask: the form has more than %d fields", maxPairs))
		}
	}
	return err
}

// showForm puts the form that was read where {{request.PostForm}} finds it.
func (c *Context) showForm() {
	if c.sent != nil && c.sent.formParsed && c.Request.PostForm == nil {
		c.Request.PostForm = c.sent.form.values()
	}
}

func (c *Context) readMultipart() (url.Values, map[string][]*multipart.FileHeader, error) {
	if c.Request.ContentLength != 0 {
		c.received().bodyRead = true
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

// fields are the names and values of a query string or a form.
type fields struct {
	list   []field    // in the order sent, unless there are many
	byName url.Values // these, or all that are in the list, once somebody asked
	few    [2]field   // backs the list
}

type field struct{ name, value string }

// maxPairs bounds the names in one query string or form: a name of two bytes takes
// dozens in a map. maxListed bounds those that are found by looking at one after the other.
const (
	maxPairs  = 10_000
	maxListed = 32
)

// get returns the first value of a name.
func (f *fields) get(name string) (value string, found bool) {
	for i := range f.list {
		if f.list[i].name == name {
			return f.list[i].value, true
		}
	}
	if values := f.byName[name]; len(values) > 0 {
		return values[0], true
	}
	return "", false
}

func (f *fields) values() url.Values {
	if f.byName == nil {
		f.byName = url.Values{}
		for _, field := range f.list {
			f.byName[field.name] = append(f.byName[field.name], field.value)
		}
	}
	return f.byName
}

// parse reads a query string or a form as Flask does: what is not properly encoded
// stays as it is instead of being dropped, and only & separates. It reports whether
// that was all of it, and not more than maxPairs.
func (f *fields) parse(text string) (all bool) {
	n := strings.Count(text, "&") + 1
	if n > maxListed {
		f.byName = url.Values{}
		n = 0
		for name, value := range pairs(text) {
			if n++; n > maxPairs {
				return false
			}
			f.byName[name] = append(f.byName[name], value)
		}
		return true
	}
	f.list = slices.Grow(f.few[:0], n)
	for name, value := range pairs(text) {
		f.list = append(f.list, field{name, value})
	}
	return true
}

// pairs are the names and values of a text.
func pairs(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for text != "" {
			var pair string
			pair, text, _ = strings.Cut(text, "&")
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if !yield(unescapeQuery(name), unescapeQuery(value)) {
				return
			}
		}
	}
}

func unescapeQuery(text string) string {
	verbatim, blanks := isVerbatim(text)
	switch {
	case verbatim && !blanks:
		return text
	case verbatim:
		return strings.ReplaceAll(text, "+", " ")
	}
	if plain, err := url.QueryUnescape(text); err == nil {
		return strings.ToValidUTF8(plain, "\ufffd")
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "+", " "), "\ufffd")
}

// validValues are the values with U+FFFD for what is no UTF-8. What is right stays the
// same map.
func validValues(values url.Values) url.Values {
	isValid := func(list []string) bool {
		return !slices.ContainsFunc(list, func(v string) bool { return !utf8.ValidString(v) })
	}
	for name, list := range values {
		if utf8.ValidString(name) && isValid(list) {
			continue
		}
		valid := url.Values{}
		for name, list := range values {
			for _, value := range list {
				valid.Add(strings.ToValidUTF8(name, "\ufffd"), strings.ToValidUTF8(value, "\ufffd"))
			}
		}
		return valid
	}
	return values
}

// isVerbatim reports whether a text means itself in a query string, but for blanks
// written as +.
func isVerbatim(text string) (verbatim, blanks bool) {
	for i := range len(text) {
		switch b := text[i]; {
		case b == '%' || b >= utf8.RuneSelf:
			return false, false
		case b == '+':
			blanks = true
		}
	}
	return true, blanks
}
