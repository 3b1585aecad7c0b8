package hipflask

import _ "github.com/Masterminds/sprig/v3"

type renderer struct{}
