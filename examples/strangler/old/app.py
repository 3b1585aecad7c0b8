"""The application that is being replaced: a guest book, in Flask.

    SECRET_KEY=... flask --app examples/strangler/old/app.py run --port 8000
"""
import os

from flask import Flask, flash, redirect, render_template, request, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.security import check_password_hash

app = Flask(__name__, template_folder="pages")
app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)

# Names with the hashes of their passwords; Ann's is "correct horse".
USERS = {"ann": "pbkdf2:sha256:260000$EYBhXQzJpFlYCpye$827ca3ce5beefea96079d4121bdc0e95922ae9e12deffc3bc40ef1ee81901bf4"}
ENTRIES = []

# The pages that have moved. They are only here for url_for.
app.add_url_rule("/profile", endpoint="profile", build_only=True)


@app.get("/")
def index():
    return render_template("index.html", entries=ENTRIES)


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        name = request.form["name"]
        if check_password_hash(USERS.get(name, ""), request.form["password"]):
            session["name"] = name
            flash("You are logged in.")
            return redirect(url_for("index"))
        flash("Wrong name or password.")
    return render_template("login.html")


@app.post("/logout")
def logout():
    session.clear()
    flash("You are logged out.")
    return redirect(url_for("index"))


@app.post("/sign")
def sign():
    if "name" not in session:
        return redirect(url_for("login"))
    ENTRIES.append((session.get("nickname", session["name"]), request.form["text"]))
    flash("Thank you for your entry. Is this the name to show?")
    return redirect(url_for("profile"))
