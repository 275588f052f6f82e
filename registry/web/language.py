"""The languages of the pages, and which one this reader gets.

What the reader chose by the link in the band holds for their session; before that their browser's wish decides.
English is the language of the source: its texts are the message ids, `registry/translations/` holds the others. The
catalogue is read from its `.po` file when it is first wanted, so nothing has to be compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale, gettext

from registry.web.addresses import FOR_PROGRAMS, here

CATALOGUES: Final = Path(__file__).resolve().parent.parent / "translations"


@dataclass(frozen=True, slots=True)
class Language:
    code: str  # BCP 47, as in `lang`
    locale: str  # the CLDR's, for dates and numbers
    name: str  # in itself
    direction: str = "ltr"


ENGLISH: Final = Language("en", "en_GB", "English")
CHINESE: Final = Language("zh-Hans", "zh_Hans_CN", "简体中文")
LANGUAGES: Final = MappingProxyType({language.code: language for language in (CHINESE, ENGLISH)})


def chosen() -> Language:
    """The language of this request."""
    if request.path.startswith(FOR_PROGRAMS):
        return ENGLISH
    return LANGUAGES.get(session.get("language", "")) or _preferred()


def _preferred() -> Language:
    """The first of the browser's wishes that we have: whatever is written as `zh-…` is served in simplified script."""
    for wish in request.accept_languages.values():
        known = {language.code[:2]: language for language in LANGUAGES.values()}.get(wish[:2].lower())
        if known is not None:
            return known
    return ENGLISH


def choose(code: str) -> None:
    """Keep to this language for the session."""
    session["language"] = code


def locale() -> Locale:
    """For dates and numbers; English outside of a request."""
    return get_locale() if has_request_context() else Locale.parse(ENGLISH.locale)


def translated(message: str) -> str:
    """A sentence of the domain, which is written in English; as it stands where we have no other words for it."""
    return gettext(message) if message else ""


class _Catalogues(Domain):  # type: ignore[misc] # the package has no types
    """What Flask-Babel asks for the messages of the request's language."""

    def get_translations(self) -> NullTranslations:
        return catalogue(str(locale()))


@cache
def catalogue(locale_name: str) -> NullTranslations:
    """The messages for a locale; English has none."""
    path = CATALOGUES / "_".join(locale_name.split("_")[:2]) / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return Translations(compiled)


def register(app: Flask) -> None:
    babel = Babel(app, default_locale=ENGLISH.locale, locale_selector=lambda: chosen().locale)
    babel.domain_instance = _Catalogues()
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    return {"language": chosen(), "languages": LANGUAGES.values(), "here": here()}
