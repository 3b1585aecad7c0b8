package hipflask

import _ "github.com/gorilla/securecookie"

type Session struct{}
type SessionStore interface{}

func (c *Context) Session() *Session  { return nil }
func (c *Context) saveSession() error { return nil }
