"""What WTForms says of a form, for TestAgainstWTForms: python3 probe.py > wtforms.jsonl"""

import json

import wtforms
from wtforms import fields as f
from wtforms import validators as v
from werkzeug.datastructures import MultiDict


class Item(wtforms.Form):
    name = f.StringField(validators=[v.InputRequired()])
    count = f.IntegerField(validators=[v.Optional()])


class Probe(wtforms.Form):
    required = f.StringField(validators=[v.DataRequired()])
    given = f.StringField(validators=[v.InputRequired()])
    optional = f.StringField(validators=[v.Optional(), v.Length(min=3)])
    atleast = f.StringField(validators=[v.Length(min=3)])
    atleastone = f.StringField(validators=[v.Length(min=1)])
    atmost = f.StringField(validators=[v.Length(max=3)])
    atmostone = f.StringField(validators=[v.Length(max=1)])
    exactly = f.StringField(validators=[v.Length(min=2, max=2)])
    between = f.StringField(validators=[v.Length(min=2, max=4)])
    email = f.EmailField(validators=[v.Optional(), v.Email()])
    url = f.URLField(validators=[v.Optional(), v.URL()])
    ip = f.StringField(validators=[v.Optional(), v.IPAddress()])
    mac = f.StringField(validators=[v.Optional(), v.MacAddress()])
    uuid = f.StringField(validators=[v.Optional(), v.UUID()])
    regexp = f.StringField(validators=[v.Optional(), v.Regexp(r"[a-z]+$")])
    anyof = f.StringField(validators=[v.Optional(), v.AnyOf(["a", "b"])])
    noneof = f.StringField(validators=[v.Optional(), v.NoneOf(["a", "b"])])
    password = f.PasswordField(validators=[v.Optional(), v.Length(min=3)])
    confirm = f.PasswordField(validators=[v.EqualTo("password")])
    number = f.IntegerField(validators=[v.InputRequired(), v.NumberRange(min=1, max=5)])
    low = f.IntegerField(validators=[v.Optional(), v.NumberRange(min=1)])
    high = f.IntegerField(validators=[v.Optional(), v.NumberRange(max=5)])
    plain = f.IntegerField()
    float = f.FloatField(validators=[v.Optional()])
    decimal = f.DecimalField(validators=[v.Optional()])
    date = f.DateField(validators=[v.Optional()])
    time = f.TimeField(validators=[v.Optional()])
    when = f.DateTimeLocalField(validators=[v.Optional()], format=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"])
    month = f.MonthField(validators=[v.Optional()])
    color = f.SelectField(choices=[("r", "Red"), ("g", "Green")])
    radio = f.RadioField(choices=[("r", "Red"), ("g", "Green")], validators=[v.InputRequired()])
    size = f.SelectField(choices=[(1, "One"), (2, "Two")], coerce=int, validators=[v.Optional()])
    tags = f.SelectMultipleField(choices=[("a", "A"), ("b", "B")])
    nums = f.SelectMultipleField(choices=[(1, "One"), (2, "Two")], coerce=int)
    agree = f.BooleanField()
    accept = f.BooleanField(validators=[v.DataRequired()])
    items = f.FieldList(f.FormField(Item), min_entries=1)
    address = f.FormField(Item)
    send = f.SubmitField()


good = {
    "required": "x", "given": "x", "atleast": "abc", "atleastone": "x", "exactly": "ab", "between": "abc",
    "number": "3", "plain": "3", "color": "r", "radio": "g", "accept": "y", "items-0-name": "x", "address-name": "x",
}
changes = [
    {}, {"required": ""}, {"required": "  "}, {"required": None}, {"given": " "}, {"given": ""}, {"given": None},
    {"optional": ""}, {"optional": "  "}, {"optional": "ab"}, {"optional": "  abc"}, {"atleast": "ab"}, {"atleast": ""},
    {"atleastone": ""}, {"atleast": "äöü"}, {"atmost": "abcd"}, {"atmostone": "ab"}, {"exactly": "a"}, {"between": "a"}, {"between": "abcde"},
    {"email": "x"}, {"email": "a@b.org"}, {"url": "x"}, {"url": "http://example.com/x?y"}, {"ip": "1.2.3"}, {"ip": "1.2.3.4"},
    {"mac": "01:23"}, {"mac": "01:23:45:67:89:ab"}, {"uuid": "x"}, {"uuid": "123e4567-e89b-42d3-a456-426614174000"},
    {"regexp": "A1"}, {"regexp": "abc"}, {"anyof": "c"}, {"anyof": "a"}, {"noneof": "a"}, {"noneof": "c"},
    {"password": "abc", "confirm": "abd"}, {"password": "abc", "confirm": "abc"}, {"password": "ab", "confirm": "ab"}, {"password": "abc"},
    {"number": "0"}, {"number": "6"}, {"number": ""}, {"number": None}, {"number": " 4 "}, {"number": "+4"}, {"plain": ""}, {"plain": "x"}, {"plain": "1.5"},
    {"low": "0"}, {"low": ""}, {"high": "6"}, {"low": "-3"}, {"float": "x"}, {"float": "1.5"}, {"float": "1e3"}, {"float": ""},
    {"decimal": "x"}, {"decimal": "1.50"}, {"date": "2026-02-30"}, {"date": "2026-02-28"}, {"date": "x"}, {"date": ""}, {"time": "25:00"}, {"time": "23:59"},
    {"when": "2026-02-28T12:30"}, {"when": "2026-02-28T12:30:59"}, {"when": "x"}, {"month": "2026-13"}, {"month": "2026-12"},
    {"color": "x"}, {"color": ""}, {"radio": None}, {"radio": "x"}, {"size": ""}, {"size": "2"}, {"size": "9"},
    {"tags": ["a", "b"]}, {"tags": ["a", "x"]}, {"tags": ["x", "x"]}, {"nums": ["1", "2"]}, {"nums": ["1", "x"]},
    {"agree": "y"}, {"agree": "false"}, {"agree": ""}, {"accept": None}, {"accept": "false"},
    {"items-0-name": None}, {"items-0-name": ""}, {"items-5-name": "five", "items-3-name": "three"}, {"items-x-name": "x"}, {"items-0-count": "x"},
    {"address-name": ""}, {"address-count": "7"}, {"send": "Send"},
]

cases = []
for change in changes:
    data = MultiDict()
    for name, value in {**good, **change}.items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    form = Probe(data)
    form.validate()
    errors = {}

    def walk(field):
        if isinstance(field, f.FormField):
            for sub in field.form:
                walk(sub)
        elif isinstance(field, f.FieldList):
            for sub in field.entries:
                walk(sub)
        elif field.errors:
            errors[field.name] = list(field.errors)

    for field in form:
        walk(field)
    cases.append({
        "sent": {name: data.getlist(name) for name in data},
        "errors": errors,
        "items": [[e.name, e.form.name.data or "", e.form.count.data or 0] for e in form.items.entries],
        "flags": {k: getattr(form, k).data for k in ("agree", "accept", "send")},
    })
for case in cases:
    print(json.dumps(case, ensure_ascii=False))
