"""The site of newSite in login_test.go, written with Flask-Login. It answers one
request in each line of its input, with a reply in each line of its output."""
import json
import sys
from datetime import timedelta

import flask_login
from flask import Flask, get_flashed_messages, redirect, request, session

ACCOUNTS = {"1": ("ada", True), "2": ("bob", True), "3": ("eve", False)}


class User(flask_login.UserMixin):
    def __init__(self, id):
        self.id = id
        self.name, self.active = ACCOUNTS[id]

    @property
    def is_active(self):
        return self.active


def new_app(config, manager):
    app = Flask("site")
    app.config.update(config, SECRET_KEY="a key for tests, which everybody may know")
    users = flask_login.LoginManager(app)
    users.login_view, users.refresh_view = "sign_in", "confirm"
    for name, value in manager.items():
        setattr(users, name, value)
    users.user_loader(lambda id: User(id) if id in ACCOUNTS else None)

    @app.get("/")
    def index():
        return "index"

    @app.get("/who")
    def who():
        user = flask_login.current_user
        if not user.is_authenticated:
            return "nobody"
        return f"{user.name} fresh={str(flask_login.login_fresh()).lower()} remembered={str(flask_login.login_remembered()).lower()}"

    app.add_url_rule("/guarded", "guarded", flask_login.login_required(who), methods=["GET", "POST", "OPTIONS"])
    app.add_url_rule("/fresh", "fresh", flask_login.fresh_login_required(who))

    @app.get("/login")
    def sign_in():
        return "".join(f"[{c}: {m}]" for c, m in get_flashed_messages(with_categories=True))

    @app.post("/login")
    def sign_in_post():
        form = request.form
        seconds = form.get("seconds")
        ok = flask_login.login_user(
            User(form["id"]), remember="remember" in form, force="force" in form, fresh=form.get("fresh") != "no",
            duration=timedelta(seconds=int(seconds)) if seconds else None)
        return redirect("/") if ok else ("inactive", 403)

    @app.post("/logout")
    def logout():
        flask_login.logout_user()
        return redirect("/")

    @app.post("/confirm")
    def confirm():
        flask_login.confirm_login()
        return "confirmed"

    @app.post("/basket")
    def basket():
        session["basket"] = "tea"
        return "", 204

    @app.get("/keys")
    def keys():
        return json.dumps(sorted(session))

    return app


print(json.dumps({"flask_login": flask_login.__version__}), flush=True)
apps = {}
for line in sys.stdin:
    ask = json.loads(line)
    name = json.dumps([ask["config"], ask["manager"]], sort_keys=True)
    if name not in apps:
        apps[name] = new_app(ask["config"] or {}, ask["manager"] or {})
    client = apps[name].test_client(use_cookies=False)
    reply = client.open(ask["path"], method=ask["method"], data=ask["form"], headers=ask["headers"])
    print(json.dumps({
        "status": reply.status_code, "body": reply.get_data(as_text=True),
        "location": reply.headers.get("Location", ""), "set_cookie": reply.headers.getlist("Set-Cookie"),
    }), flush=True)
