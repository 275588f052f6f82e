"""The catalogues of `registry/translations/`: `update` finds new texts, `check` says what is missing.

.venv/bin/python scripts/translations.py update     then fill in what stands empty in messages.po
.venv/bin/python scripts/translations.py check      exit 1 unless every text is there and translated
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "registry" / "translations"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
# A refusal's first argument is its sentence (`registry.errors`), but for those of parts that no page speaks for.
REFUSALS = ("Conflict", "Forbidden", "Invalid", "NotFound", "TooMany", "Unauthenticated", "Unavailable", "ZiluError")
MAKERS = ("_against", "_refused", "_unavailable")  # functions that make one of a sentence
UNSPOKEN = (
    *("api", "audit", "cli", "client", "identity", "keyholder", "log", "rotation", "signing", "witness", "worker"),
    *("base64url.py", "config.py", "db.py", "errors.py", "keys/tls.py", "policy_check.py", "private_files.py"),
    *("revisions.py", "running.py", "vault.py"),
)
OPTIONS = {"**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}


def found() -> Catalog:
    """Every text of the source, in its order."""
    catalog = Catalog(charset="utf-8")
    refusing = [(f"{part}/**.py" if "." not in part else part, "ignore") for part in UNSPOKEN]
    said = dict.fromkeys((*REFUSALS, *MAKERS))
    for folder, methods, keywords in (
        ("registry", METHODS, DEFAULT_KEYWORDS),
        ("registry", [*refusing, ("**.py", "python")], said),
        ("templates", METHODS, DEFAULT_KEYWORDS),
    ):
        texts = extract_from_dir(ROOT / folder, method_map=methods, options_map=OPTIONS, keywords=keywords)
        for _file, _line, message, _comments, context in sorted(texts, key=lambda text: text[:2]):
            catalog.add(message, None, context=context)
    return catalog


def catalogues() -> Iterator[tuple[Path, Catalog]]:
    for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=path.parent.parent.name)


def lacking() -> list[str]:
    """What keeps the catalogues from being complete, as sentences."""
    source = found()
    problems = []
    for path, catalog in catalogues():
        name = path.parent.parent.name
        for message in source:
            known = catalog.get(message.id, message.context) if message.id else None
            if message.id and (known is None or not known.string or not all(_strings(known.string))):
                problems.append(f"{name}: not translated: {message.id}")
            elif known is not None and known.fuzzy:
                problems.append(f"{name}: unsure: {message.id}")
        problems += [f"{name}: {error}: {message.id}" for message, errors in catalog.check() for error in errors]
        problems += [f"{name}: fills in other names: {m.id}" for m in catalog if _names(m.string) - _names(m.id)]
        problems += [
            f"{name}: nobody says this: {m.id}" for m in catalog if m.id and source.get(m.id, m.context) is None
        ]
    return problems


def _strings(string: str | tuple[str, ...] | list[str]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


def _names(text: str | tuple[str, ...] | list[str]) -> set[str]:
    """What stands in braces."""
    return {name for each in _strings(text) for name in re.findall(r"\{(\w+)", each)}


def update() -> None:
    source = found()
    for path, catalog in catalogues():
        catalog.update(source, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalog, width=0, no_location=True, omit_header=False)


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    elif sys.argv[1:] == ["check"]:
        problems = lacking()
        print("\n".join(problems) or "every text is translated")
        sys.exit(bool(problems))
    else:
        sys.exit(__doc__)
