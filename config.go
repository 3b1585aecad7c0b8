package hipflask

type Config struct{}
