package hipflask

type Config struct {
	ServerName         string
	ApplicationRoot    string
	PreferredURLScheme string
}
