"""Prints hashes made by Werkzeug, as testdata/password-vectors.json has them.

Each is [hash, password, whether they match].
"""

import json

from werkzeug.security import _hash_internal, generate_password_hash

METHODS = [
    "scrypt:128:1:1", "scrypt:1024:4:3", "scrypt:2048:8:2", "scrypt:512:16:1",
    "pbkdf2:sha256:1", "pbkdf2:sha256:1000", "pbkdf2:sha256:2600", "pbkdf2:sha1:1000", "scrypt:16384:8:1",
    "pbkdf2:sha512:2000", "pbkdf2:sha384:3", "pbkdf2:sha224:3", "pbkdf2:md5:10", "pbkdf2:sha512_256:5",
    "pbkdf2:sha512_224:5", "pbkdf2:sha3_224:5", "pbkdf2:sha3_256:5", "pbkdf2:sha3_384:5", "pbkdf2:sha3_512:5",
    "pbkdf2:SHA256:7",
]
PASSWORDS = ["", "hunter2", "pässwörd 🔑", "a" * 200, "with\x00zero", "dollar$sign:colon"]

vectors = []
for i, method in enumerate(METHODS):
    password = PASSWORDS[i % len(PASSWORDS)]
    hash = generate_password_hash(password, method)
    vectors.append([hash, password, True])
    if i < 8:
        vectors.append([hash, password + "x", False])
for password in PASSWORDS:
    vectors.append([generate_password_hash(password, "pbkdf2:sha256:10", 1), password, True])
    vectors.append([generate_password_hash(password, "scrypt:128:1:1", 40), password, True])
# What a hash leaves out, and a salt that is not Werkzeug's own.
for method in ["scrypt", "pbkdf2"]:
    vectors.append([f"{method}$é€$" + _hash_internal(method, "é€", "ada")[0], "ada", True])
vectors.append(["pbkdf2:sha256:5$$" + _hash_internal("pbkdf2:sha256:5", "", "ada")[0], "ada", True])
# Werkzeug compares the text.
vectors.append(["pbkdf2:sha256:5$s$" + _hash_internal("pbkdf2:sha256:5", "s", "ada")[0].upper(), "ada", False])

print("[\n " + ",\n ".join(json.dumps(v) for v in vectors) + "\n]")
