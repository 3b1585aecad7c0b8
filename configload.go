package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// FromMap takes each upper-case key of m as [Config.Set] would and ignores the
// others, as Flask's from_mapping does. If any value is wrong it changes nothing
// and returns every mistake.
func (cfg *Config) FromMap(m map[string]any) error { return cfg.fromMap("Config.FromMap", m) }

func (cfg *Config) fromMap(source string, m map[string]any) error {
	return cfg.load(m, func(trial *Config, key string) error {
		if !isUpper(key) {
			return nil
		}
		return trial.put(source, key, m[key])
	})
}

// load tries every key on a copy, so that a bad load loses nothing.
func (cfg *Config) load(keys map[string]any, put func(trial *Config, key string) error) error {
	trial := *cfg
	trial.own = maps.Clone(cfg.own)
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		errs = append(errs, put(&trial, key))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	*cfg = trial
	return nil
}

// isUpper is Python's str.isupper: some letter, and none in lower case.
func isUpper(key string) bool {
	return strings.ToUpper(key) == key && strings.ToLower(key) != key
}

// FromFile takes the keys of a file as [Config.FromMap] does. It is Flask's
// from_file: load decodes what the file holds into a map, and is the Unmarshal
// of a library. The one for TOML is
//
//	err := app.Config.FromFile("config.toml", toml.Unmarshal)
//
// of github.com/pelletier/go-toml/v2 or github.com/BurntSushi/toml. Without load
// the file is JSON, and its name must end in .json. Whole numbers are int for
// [Config.Get], whatever the library makes of them, but for encoding/json.
//
// The path is relative to the working directory, not to Root as in Flask. A
// missing file is an error that satisfies errors.Is(err, fs.ErrNotExist), for
// programs that can do without: Flask's silent. If any value is wrong it changes
// nothing and returns every mistake.
func (cfg *Config) FromFile(path string, load ...func(data []byte, v any) error) error {
	switch ext := filepath.Ext(path); {
	case len(load) > 1:
		return fmt.Errorf("hipflask: Config.FromFile(%q): %d functions to load it; give one", path, len(load))
	case len(load) == 0 && !strings.EqualFold(ext, ".json"):
		return fmt.Errorf("hipflask: Config.FromFile(%q): without a function to load it the file is JSON, and its name ends in .json; "+
			"for others give one, such as toml.Unmarshal", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("hipflask: Config.FromFile: %w", err)
	}
	var m map[string]any
	if len(load) == 0 {
		m, err = decodeJSONFile(path, content)
	} else {
		m, err = loadFile(path, content, load[0])
	}
	if err != nil {
		return err
	}
	return cfg.fromMap(path, m)
}

func decodeJSONFile(path string, content []byte) (map[string]any, error) {
	value, err := decodeJSON(content)
	if err != nil {
		return nil, fmt.Errorf("hipflask: %s is not JSON: %w", path, err)
	}
	m, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf(`hipflask: %s: the top level must be an object, {"KEY": value}`, path)
	}
	return m, nil
}

func loadFile(path string, content []byte, load func([]byte, any) error) (map[string]any, error) {
	m := map[string]any{}
	if err := load(content, &m); err != nil {
		var placed interface{ Position() (row, column int) } // go-toml's, whose text has no line
		if errors.As(err, &placed) {
			row, _ := placed.Position()
			err = fmt.Errorf("line %d: %w", row, err)
		}
		return nil, fmt.Errorf("hipflask: %s: %w", path, err)
	}
	plainValues(m)
	return m, nil
}

// plainValues makes every int64 an int and every list a []any, so that a key of
// one's own has the same types from any file.
func plainValues(v any) any {
	switch v := v.(type) {
	case int64:
		if int64(int(v)) == v {
			return int(v)
		}
	case map[string]any:
		for key := range v {
			v[key] = plainValues(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plainValues(v[i])
		}
	case []map[string]any: // BurntSushi's array of tables
		list := make([]any, len(v))
		for i := range v {
			list[i] = plainValues(v[i])
		}
		return list
	}
	return v
}

// decodeJSON decodes one value; an error names its line.
func decodeJSON(content []byte) (value any, err error) {
	err = unmarshal(content, &value)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + bytes.Count(content[:min(int(syntax.Offset), len(content))], []byte("\n"))
		err = fmt.Errorf("line %d: %w", line, err)
	}
	return value, err
}

// FromEnv takes the environment's variables that begin with prefix and an
// underscore: with "MYAPP", MYAPP_DEBUG sets Debug and MYAPP_MAIL_SERVER the key
// MAIL_SERVER. An empty prefix means HIPFLASK. It is Flask's from_prefixed_env.
//
// A value is JSON where it can be, else text: true, 10, [1, 2], {"a": 1}, null.
// Fields read their own type, so SECRET_KEY=123 is text, a duration takes
// seconds or "168h", and a list may be written a,b. Two underscores reach into a
// map: MYAPP_MAIL__PORT=25 sets the key PORT of the map MAIL, and
// MYAPP_TRUSTED_PROXIES__FOR=1 the field For of TrustedProxies.
//
// If any value is wrong it changes nothing and returns every mistake.
func (cfg *Config) FromEnv(prefix string) error {
	prefix = strings.TrimSuffix(cmp.Or(prefix, "HIPFLASK"), "_") + "_"
	found := map[string]any{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if key, ok := strings.CutPrefix(name, prefix); ok && key != "" {
			found[key] = value
		}
	}
	return cfg.load(found, func(trial *Config, key string) error {
		return trial.putVariable("the environment's "+prefix+key, key, found[key].(string))
	})
}

// putVariable sets a key from a variable's text, as FromEnv documents.
func (cfg *Config) putVariable(source, key, value string) error {
	decoded, err := decodeJSON([]byte(value))
	if err != nil {
		decoded = value
	}
	if first, rest, nested := strings.Cut(key, "__"); nested {
		return cfg.putInner(source, first, strings.Split(rest, "__"), decoded)
	}
	switch decoded.(type) {
	case bool, int, float64, json.Number:
		if cfg.setting(key) != nil {
			return cfg.put(source, key, value) // the field reads the text
		}
	}
	return cfg.put(source, key, decoded)
}

// putInner sets a value inside the map under key. The maps on the way are
// copied, for a load that fails must leave them as they were.
func (cfg *Config) putInner(source, key string, path []string, value any) error {
	if s := cfg.setting(key); s != nil {
		return putInField(source, key, s, path, value)
	}
	outer, last := map[string]any{key: cfg.own[key]}, len(path)
	m := outer
	for i, part := range append([]string{key}, path...) {
		if i == last {
			m[part] = value
			break
		}
		inner, isMap := m[part].(map[string]any)
		if m[part] != nil && !isMap {
			return fmt.Errorf("hipflask: %s: %s is set already and no map, so nothing can be set inside it", source, part)
		}
		if inner = maps.Clone(inner); inner == nil {
			inner = map[string]any{}
		}
		m[part] = inner
		m = inner
	}
	return cfg.put(source, key, outer[key])
}

// putInField is putInner for a field whose key is a map: TRUSTED_PROXIES__FOR=1.
func putInField(source, key string, s setting, path []string, value any) error {
	m, isMap := s.get().(map[string]any)
	if !isMap || len(path) > 1 {
		return fmt.Errorf("hipflask: %s: %s is no map, so nothing can be set inside it", source, strings.Join(append([]string{key}, path[:len(path)-1]...), "__"))
	}
	m[strings.ToLower(path[0])] = value
	if !s.set(m) {
		return fmt.Errorf("hipflask: %s: %s__%s cannot be %s; %s takes %s", source, key, path[0], describeRefused(key, value), key, s.accepts())
	}
	return nil
}

// FromDotEnv reads a file of lines KEY=value, by custom ".env", where secrets
// are kept out of the source. It does what python-dotenv's load_dotenv does:
// each variable goes into the process's environment, for os.Getenv, unless it
// is there already; the environment always wins over the file. Then the
// upper-case keys that the file names are taken as by [Config.FromEnv] with no
// prefix, so that SECRET_KEY=… is all it needs.
//
// In a value that is unquoted or in double quotes, $NAME stands for the variable
// NAME further up in the file; write a secret that holds a $ in single quotes.
//
// A missing file is an error that satisfies errors.Is(err, fs.ErrNotExist),
// for programs that can do without. After any error nothing has changed.
func (cfg *Config) FromDotEnv(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("hipflask: Config.FromDotEnv: %w", err)
	}
	variables, err := parseDotEnv(string(content))
	if err != nil {
		return fmt.Errorf("hipflask: %s: %w", path, err)
	}
	found, source := map[string]any{}, map[string]string{}
	for key, value := range variables {
		source[key] = path
		if outer, ok := os.LookupEnv(key); ok {
			value, source[key] = outer, "the environment, which wins over "+path
		}
		found[key] = value
	}
	err = cfg.load(found, func(trial *Config, key string) error {
		if !isUpper(key) {
			return nil
		}
		return trial.putVariable(source[key], key, found[key].(string))
	})
	if err != nil {
		return err
	}
	for key, value := range found {
		if err := os.Setenv(key, value.(string)); err != nil {
			return fmt.Errorf("hipflask: %s: %s: %w", path, key, err)
		}
	}
	return nil
}

// parseDotEnv leaves out godotenv's own error, which quotes the file: it holds secrets.
func parseDotEnv(content string) (map[string]string, error) {
	content = strings.TrimPrefix(content, "\ufeff") // some editors' mark of UTF-8
	if !utf8.ValidString(content) || strings.Contains(content, "\x00") {
		return nil, errors.New("it holds a NUL byte or text that is not UTF-8; save it as UTF-8")
	}
	if variables, ok := readDotEnv(content); ok {
		return variables, nil
	}
	// The trouble is in the line after the longest beginning that can be read.
	lines := strings.SplitAfter(content, "\n")
	n := len(lines) - 1
	for ; n > 0; n-- {
		if _, ok := readDotEnv(strings.Join(lines[:n], "")); ok {
			break
		}
	}
	return nil, fmt.Errorf("line %d, or a quote opened there, is no KEY=value; a comment begins with #", n+1)
}

func readDotEnv(content string) (map[string]string, bool) {
	variables, err := godotenv.Unmarshal(content)
	_, nameless := variables[""]
	return variables, err == nil && !nameless
}
