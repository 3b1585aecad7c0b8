package hipflask

import (
	"net/http"
	"time"
)

type Config struct {
	SecretKey                    string
	SecretKeyFallbacks           []string
	SessionCookieName            string
	SessionCookieDomain          string
	SessionCookiePath            string
	DisableSessionCookieHTTPOnly bool
	SessionCookieSecure          bool
	SessionCookieSameSite        http.SameSite
	SessionCookiePartitioned     bool
	SessionCookieEncrypt         bool
	PermanentSessionLifetime     time.Duration
	DisableSessionRefresh        bool
	MaxCookieSize                int
	SessionStore                 SessionStore
	ApplicationRoot              string
}
