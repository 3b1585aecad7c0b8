package template

import (
	std "html/template"
)

const escapes = true

type (
	CSS       = std.CSS
	HTML      = std.HTML
	HTMLAttr  = std.HTMLAttr
	JS        = std.JS
	JSStr     = std.JSStr
	URL       = std.URL
	Srcset    = std.Srcset
	Error     = std.Error
	ErrorCode = std.ErrorCode
)

const (
	filterFailsafe = "ZgotmplZ"
	ErrJSTemplate  = std.ErrJSTemplate
)
