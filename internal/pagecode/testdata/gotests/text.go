package template

import (
	std "text/template"
)

const escapes = false

type ExecError = std.ExecError
