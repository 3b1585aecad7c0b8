"""Writes werkzeug-routes.json: random rule tables, and what Werkzeug answers.

Run it with the newest release: python3 werkzeug-routes.py > werkzeug-routes.json
"""

import importlib.metadata
import json
import random
import sys

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BuildError, Map, RequestRedirect, Rule

rnd = random.Random(20)
LITERALS = ["a", "b", "ab", "about", "edit", "é", "x y", "a:b", "*", "1"]
CONVERTERS = ["", "", "", "int:", "int:", "int(max=5):", "int(signed=True):", "int(fixed_digits=2):", "float:",
              "string(length=2):", "string(minlength=2, maxlength=3):", 'any(a, b, "x y"):', "path:", "path:"]
TEXTS = ["a", "b", "c", "ab", "abc", "x y", "1", "7", "01", "42", "-3", "1.5", "2.50", "a.b", "a-b", "1-2", "é", "*",
         "about", "edit", "a:b", "v1", "v1.2", "", "a\n", "%41", "a?b#c"]


FITTING = {"int": ["1", "7", "01", "42", "5"], "float": ["1.5", "2.50"], "any": ["a", "b", "x y"], "string": ["ab", "abc"],
           "path": ["a", "x/y", "a/edit", "a//b", "1/2/", "b.txt"]}


def part(names):
    def var():
        return f"<{rnd.choice(CONVERTERS)}{names.pop(0)}>"
    kind = rnd.random()
    if not names or kind < 0.45:
        return rnd.choice(LITERALS)
    if kind < 0.78:
        return var()
    if kind < 0.86:
        return rnd.choice(["v", "a", "ab"]) + var()
    if kind < 0.92:
        return var() + rnd.choice([".txt", "b", "/edit"])
    if len(names) < 2:
        return var()
    return rnd.choice(["", "v"]) + var() + rnd.choice([".", "-", "a"]) + var()


def table():
    rules = []
    for _ in range(rnd.randint(1, 7)):
        names = ["p", "q", "r", "s"]
        text = "/" + "/".join(part(names) for _ in range(rnd.choice([1, 1, 2, 2, 3])))
        if rnd.random() < 0.05:
            text = ""
        if rnd.random() < 0.3 or not text:
            text += "/"
        rule = {"rule": text, "methods": rnd.choice(["GET", "GET", "GET", "POST", "GET,POST"])}
        if rnd.random() < 0.15:
            rule["lenient"] = True
        rules.append(rule)
        if rnd.random() < 0.15 and "<int:p>" in text and "path" not in text:
            rule["endpoint"] = text
            rules.append({"rule": text.replace("<int:p>", rnd.choice(["", "first"])).replace("//", "/"), "methods": "GET",
                          "endpoint": text, "defaults": {"p": rnd.choice([1, 7])}})
    rnd.shuffle(rules)
    return rules


def make(rules):
    made = []
    for r in rules:
        methods = r["methods"].split(",") + ["OPTIONS"]
        made.append(Rule(r["rule"], endpoint=r.get("endpoint", r["rule"]), methods=methods,
                         defaults=r.get("defaults"), strict_slashes=not r.get("lenient", False)))
    m = Map(made)
    for i, a in enumerate(made):  # one path twice is an error in hipflask
        for j, b in enumerate(made[:i]):
            if a._parts == b._parts and set(rules[i]["methods"].split(",")) & set(rules[j]["methods"].split(",")):
                return None, None
    return m, {id(a): i for i, a in enumerate(made)}


def request(rules):
    if rnd.random() < 0.25:
        path = "/" + "/".join(rnd.choice(TEXTS) for _ in range(rnd.choice([1, 2, 3])))
    else:
        text, path = rnd.choice(rules)["rule"], ""
        while text:
            if text[0] == "<":
                spec, text = text[1:].split(">", 1)
                fitting = FITTING.get(spec.split(":")[0].split("(")[0], TEXTS)
                path += rnd.choice(fitting if rnd.random() < 0.85 else TEXTS)
            else:
                path, text = path + text[0], text[1:]
    kind = rnd.random()
    if kind < 0.1:
        path += "/"
    elif kind < 0.2:
        path = path.rstrip("/") or "/"
    elif kind < 0.26:
        i = rnd.randrange(len(path) + 1)
        path = path[:i] + "//" + path[i:]
    elif kind < 0.29:
        path = path.replace("/", "//")
    return rnd.choice(["GET", "GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS"]), path


def answer(adapter, numbers, method, path):
    try:
        rule, values = adapter.match(path, method, return_rule=True)
    except RequestRedirect as e:
        return "308 " + e.new_url.removeprefix("http://h")
    except MethodNotAllowed as e:
        return "405 " + ", ".join(sorted(e.valid_methods))
    except NotFound:
        return "404"
    return f"{numbers[id(rule)]} " + " ".join(f"{k}={values[k]}" for k in sorted(values))


def build(adapter, rules):
    rule = rnd.choice(rules)
    values = [[n, rnd.choice([1, 1, 7, 42, 3, "1", "b", "a", "x y", "é", "a?b#c", "x/y"])] for n in ["p", "q", "r", "s", "z"]
              if ("<" + n in rule["rule"] or ":" + n + ">" in rule["rule"]) and rnd.random() < 0.95 or rnd.random() < 0.1]
    rnd.shuffle(values)
    method = rnd.choice(["", "", "GET", "POST"])
    endpoint = rule.get("endpoint", rule["rule"])
    try:
        url = adapter.build(endpoint, dict(values), method=method or None)
    except (BuildError, ValueError):
        url = "error"
    return [endpoint, method, values, url]


tables = []
while len(tables) < 180:
    rules = table()
    m, numbers = make(rules)
    if m is None:
        continue
    adapter = m.bind("h")
    requests, seen = [], set()
    for _ in range(12):
        method, path = request(rules)
        if (method, path) not in seen:
            seen.add((method, path))
            requests.append([method, path, answer(adapter, numbers, method, path)])
    tables.append({"rules": rules, "requests": requests, "builds": [build(adapter, rules) for _ in range(4)]})

sys.stdout.write('{"werkzeug": "%s", "tables": [\n' % importlib.metadata.version("werkzeug"))
sys.stdout.write(",\n".join(json.dumps(t, ensure_ascii=False, separators=(",", ":")) for t in tables))
sys.stdout.write("\n]}\n")
