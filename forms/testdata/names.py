"""Writes the public names of WTForms and Flask-WTF, for the table of docs/flask-wtf.md:
python3 names.py path/to/wtforms path/to/flask_wtf > names.txt

A line is a module's folder or file and a name: what __all__ lists, and the public methods and
attributes of Form, Field, FieldList, FormField, DefaultMeta, FlaskForm and CSRFProtect; and the keys of
Flask's config."""

import ast
import pathlib
import re
import sys

detailed = {"Form", "BaseForm", "Field", "FieldList", "FormField", "DefaultMeta", "FlaskForm", "CSRFProtect", "SelectFieldBase"}
names = set()
for root in map(pathlib.Path, sys.argv[1:]):
    for path in sorted(root.rglob("*.py")):
        if "_compat" in path.name:
            continue
        tree = ast.parse(path.read_text())
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts[:2]).replace(".__init__", "")
        listed, imported = set(), set()
        for node in tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                listed = {e.value for e in node.value.elts if isinstance(e, ast.Constant)}
            if isinstance(node, ast.ImportFrom) and path.name == "__init__.py":
                imported |= {a.asname or a.name for a in node.names if a.name != "*"}
        public = listed or (imported if path.name == "__init__.py" else set())
        if not listed and path.name != "__init__.py":
            public = {n.name for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name[0] != "_"}
        names |= {f"{module}.{n}" for n in public if n[0] != "_" and n != "annotations"}
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in detailed:
                for member in node.body:
                    if isinstance(member, ast.FunctionDef) and member.name[0] != "_":
                        names.add(f"{node.name}.{member.name}")
                    if isinstance(member, ast.Assign):
                        for t in member.targets:
                            if getattr(t, "id", "_")[0] != "_":
                                names.add(f"{node.name}.{t.id}")
    for path in sorted(root.rglob("*.py")):  # the keys of Flask's config
        names |= set(re.findall(r'"((?:WTF|RECAPTCHA)_[A-Z_]+)"', path.read_text()))
print("\n".join(sorted(names - {"wtforms.validators", "wtforms.widgets"})))
