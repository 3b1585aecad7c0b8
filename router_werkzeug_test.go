package hipflask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
)

// What Werkzeug itself answers for a few hundred random rule tables. The file
// is made by testdata/werkzeug-routes.py.
func TestAgainstWerkzeug(t *testing.T) {
	type ruleRow struct {
		Rule, Methods, Endpoint string
		Defaults                map[string]any
		Lenient                 bool
	}
	var corpus struct {
		Tables []struct {
			Rules    []ruleRow
			Requests [][3]string
			Builds   [][4]any
		}
	}
	text, err := os.ReadFile("testdata/werkzeug-routes.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&corpus); err != nil {
		t.Fatal(err)
	}
	requests, builds := 0, 0
	for _, table := range corpus.Tables {
		var rows []any
		for _, r := range table.Rules {
			for name, value := range r.Defaults {
				r.Defaults[name] = plainNumber(value)
			}
			rows = append(rows, testRoute{Rule: r.Rule, Methods: r.Methods, Endpoint: r.Endpoint, Defaults: r.Defaults, Lenient: r.Lenient})
		}
		rt := testRouter(t, rows...)
		for _, request := range table.Requests {
			requests++
			got, want := showForWerkzeug(rt, rt.match(request[0], "", request[1])), request[2]
			if strings.HasPrefix(want, "308 ") {
				want = "308 " + quoteSpaces(want[4:])
			}
			if got != want {
				t.Errorf("rules %v\n  %s %q\n  got      %s\n  Werkzeug %s", table.Rules, request[0], request[1], got, want)
			}
		}
		for _, b := range table.Builds {
			builds++
			u := urlValues{method: b[1].(string), defaultMethod: "GET"}
			for _, pair := range b[2].([]any) {
				u.list = append(u.list, urlValue{pair.([]any)[0].(string), plainNumber(pair.([]any)[1])})
			}
			got, err := buildPath(rt, b[0].(string), u)
			if err != nil {
				got = "error"
			}
			if want := quoteSpaces(b[3].(string)); got != want {
				t.Errorf("rules %v\n  build %v\n  got      %s (%v)\n  Werkzeug %s", table.Rules, b[:3], got, err, want)
			}
		}
	}
	if requests < 1500 || builds < 600 {
		t.Errorf("only %d requests and %d builds compared", requests, builds)
	}
}

// quoteSpaces mends what Werkzeug leaves as it is: the words of any("x y").
func quoteSpaces(url string) string { return strings.ReplaceAll(url, " ", "%20") }

func plainNumber(value any) any {
	if n, ok := value.(json.Number); ok {
		i, _ := n.Int64()
		return int(i)
	}
	return value
}

// showForWerkzeug names a rule by its number, and writes values as Python's str does.
func showForWerkzeug(rt *router, m match) string {
	if m.redirect != "" {
		return "308 " + redirectLocation("", m.redirect, "")
	}
	if m.route == nil {
		return show(m)
	}
	var values []string
	for i, v := range m.route.rule.vars {
		if _, ok := m.route.defaults[v.name]; !ok {
			values = append(values, v.name+"="+pythonText(v, m.values[i].Value))
		}
	}
	for name := range m.route.defaults {
		text, _ := m.param(name)
		values = append(values, name+"="+text)
	}
	sort.Strings(values)
	for i, target := range rt.targets {
		if target.Route == m.route {
			return fmt.Sprintf("%d %s", i, strings.Join(values, " "))
		}
	}
	return "a route of another router"
}

// pythonText is str(int("01")): fixed_digits does not show in the value.
func pythonText(v *variable, text string) string {
	if _, isInt := v.conv.(intConverter); isInt {
		n, _ := atoi(text)
		return fmt.Sprint(n)
	}
	return v.canonical(text)
}
