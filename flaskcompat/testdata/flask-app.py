"""A Flask application for live_test.go, over stdin and stdout.

Each line is a request in JSON: the application's configuration, the Cookie
header, and what the view is to do, as Python statements. Each answer is a line:
the status, the Set-Cookie headers, and what the view put into `out`.
"""

import json
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from uuid import UUID

import flask
from flask import flash, get_flashed_messages, session
from markupsafe import Markup
from werkzeug.security import check_password_hash, generate_password_hash

NAMES = {
    "UUID": UUID, "datetime": datetime, "timezone": timezone, "Markup": Markup, "flash": flash,
    "get_flashed_messages": get_flashed_messages, "session": session,
    "check_password_hash": check_password_hash, "generate_password_hash": generate_password_hash,
}


def answer(asked):
    app = flask.Flask(__name__)
    app.config.update(asked["config"])
    out = []

    @app.get("/")
    def view():
        exec(asked["do"], {**NAMES, "out": out})
        return "ok"

    client = app.test_client(use_cookies=False)
    headers = {"Cookie": asked["cookie"]} if asked["cookie"] else {}
    response = client.get("/", headers=headers)
    return {"status": response.status_code, "set_cookie": response.headers.getlist("Set-Cookie"), "out": out}


print(json.dumps({"flask": version("flask"), "werkzeug": version("werkzeug")}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
