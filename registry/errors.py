"""One family of errors; `web` and `api` each map it to HTTP in one place.

    ZiluError
    ├── Invalid           422  a field is missing or wrong; `field` names it
    ├── Unauthenticated   401  nobody, or not who they say
    ├── Forbidden         403  somebody, but not for this
    ├── NotFound          404  no such thing, or none that you may see
    ├── Conflict          409  not allowed in the present state, or outdated
    ├── TooMany           429  a budget is used up; `retry_after` seconds
    └── Unavailable       503  a part is down; `retry_after` seconds

A message is one sentence that says what is wrong and what would be right. It never repeats what was typed,
because what was typed may be an identity number. It is made of a template and values, so that a page can say it in
the reader's language (`registry.web.errors.in_words`):

    raise Conflict("this letter is {state} and not shown again", state=notice.state.value)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

Value = str | int | datetime | tuple[str, ...]


def filled(template: str, values: Mapping[str, Value], *, word: Callable[[str], str] = str, comma: str = ", ") -> str:
    """The sentence: each {name} replaced by its value, a text as `word` says it, several with `comma` between them."""

    def said(value: Value) -> str | int | datetime:
        if isinstance(value, tuple):
            return comma.join(map(word, value))
        return word(value) if isinstance(value, str) else value

    return template.format_map({name: said(value) for name, value in values.items()}) if values else template


class ZiluError(Exception):
    """Root of everything that Zilu refuses on purpose. `status` is what the edges answer over HTTP."""

    code = "error"
    status = 500

    def __init__(self, template: str, *, field: str | None = None, code: str | None = None, **values: Value) -> None:
        self.template, self.values = template, values
        self.message = filled(template, values)
        super().__init__(self.message)
        self.field = field
        if code is not None:
            self.code = code


class Invalid(ZiluError):
    code = "invalid"
    status = 422


class Unauthenticated(ZiluError):
    code = "unauthenticated"
    status = 401


class Forbidden(ZiluError):
    code = "forbidden"
    status = 403


class NotFound(ZiluError):
    code = "not-found"
    status = 404


class Conflict(ZiluError):
    code = "conflict"
    status = 409


class _Later(ZiluError):
    """Refused now; the same request may succeed after `retry_after` whole seconds."""

    def __init__(self, template: str, *, retry_after: int, field: str | None = None, **values: Value) -> None:
        super().__init__(template, field=field, code=None, **values)
        self.retry_after = retry_after


class TooMany(_Later):
    code = "too-many"
    status = 429


class Unavailable(_Later):
    code = "unavailable"
    status = 503
