"""How times, numbers, offences, states and acts read on a page, in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from registry import policy
from registry.appeals.rules import Ground as AppealGround
from registry.identity.countries import ALPHA_3
from registry.members.models import Kind, Standing
from registry.panels.rules import Choice
from registry.reports.rules import Ground, InspectionState
from registry.restraints.rules import State
from registry.signing.keys import fingerprint
from registry.web import words
from registry.web.language import CHINESE, chosen, locale, translated
from registry.web.words import ACTS, BASES, DUTIES, GRAVITIES, KINDS, MEMBER_KINDS, PROOFS, STAFF, STANDINGS, STATES


def day(at: date | datetime) -> str:
    """`2 March 2026` or `2026年3月2日`, in UTC."""
    if isinstance(at, datetime):
        at = at.astimezone(UTC).date()
    return format_date(at, "long", locale=locale())


def month(name: str) -> str:
    """`2026-03` as `March 2026` or `2026年3月`."""
    return format_skeleton("yMMMM", datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC), locale=locale())


def moment(at: datetime) -> str:
    """`2 March 2026, 09:00 UTC`."""
    return str(gettext("%(day)s, %(time)s UTC", day=day(at), time=f"{at.astimezone(UTC):%H:%M}"))


def number(value: int) -> str:
    """`12,345`."""
    return format_decimal(value, locale=locale())


def term(length: timedelta | None) -> str:
    """`3 years` or `90 days`; None is permanent."""
    if length is None:
        return str(gettext("permanent"))
    years, rest = divmod(length.days, 365)
    if years and not rest:
        return str(ngettext("%(count)s year", "%(count)s years", years, count=number(years)))
    return str(ngettext("%(count)s day", "%(count)s days", length.days, count=number(length.days)))


def span(length: timedelta) -> str:
    """`15 minutes`, `12 hours`, `90 days` or `5 years`."""
    minutes, rest = divmod(length, timedelta(minutes=1))
    if not rest and minutes < 60:
        return str(ngettext("%(count)s minute", "%(count)s minutes", minutes, count=number(minutes)))
    if not rest and minutes % 60 == 0 and length < timedelta(days=1):
        hours = minutes // 60
        return str(ngettext("%(count)s hour", "%(count)s hours", hours, count=number(hours)))
    return term(length)


def offence(code: str) -> str:
    known = policy.OFFENCES.get(code)
    if known is None:
        return code
    return known.zh if chosen() is CHINESE else known.en


def gravity(level: int) -> str:
    """`3 (serious)`."""
    names = {step.level: step.name for step in policy.LADDER}
    if level not in names:
        return str(level)
    return str(gettext("%(level)s (%(name)s)", level=level, name=str(GRAVITIES[names[level]])))


def basis(code: str) -> str:
    return str(BASES[policy.Basis(code)])


def kind(code: str) -> str:
    return str(KINDS[policy.Kind(code)])


def proof(part: str) -> str:
    return str(PROOFS[policy.Proof(part)])


def staff(kind: str) -> str:
    return str(STAFF[policy.Staff(kind)])


def ground(code: str) -> str:
    return str(words.GROUNDS[Ground(code)])


def appeal_ground(code: str) -> str:
    return str(words.APPEAL_GROUNDS[AppealGround(code)])


def choice_word(code: str) -> str:
    return str(words.CHOICES[Choice(code)])


def act(verb: str) -> str:
    """What an act was, in words; a verb that is not known here stands for itself."""
    return str(ACTS.get(verb, verb))


def hand(actor: str) -> str:
    """Whose act it was: an account, the accused person, or the registry on its own."""
    kind, _, rest = actor.partition(":")
    if kind == "subject":
        return str(gettext("the accused person"))
    if kind == "representative":
        return str(gettext("their representative"))
    return str(gettext("the registry (%(part)s)", part=rest)) if kind == "system" else actor


def state(name: str) -> str:
    """A state, a role or a purpose in words: `second-instance` reads `second instance`."""
    return str(STATES.get(name) or name.replace("-", " ").replace("_", " "))


def finding_kind(kind: str) -> str:
    return str(words.FINDINGS.get(kind) or state(kind))


def statement(typ: str) -> str:
    """What was signed, by its JWS type."""
    return str(words.STATEMENTS.get(typ, typ))


def read_what(what: str) -> str:
    return str(words.READS.get(what, what))


def inspection(state: str) -> str:
    return str(words.INSPECTIONS[InspectionState(state)])


def restrained(state: str) -> str:
    return str(words.RESTRAINTS[State(state)])


def rate(value: float) -> str:
    """`0.05%`, to a hundredth of a per cent."""
    return format_percent(value, format="0.##%", locale=locale())


def lasted(length: timedelta) -> str:
    """In days, to a tenth."""
    return str(gettext("%(days)s days", days=format_decimal(length.total_seconds() / 86_400, "0.#", locale=locale())))


def refusal(text: str) -> str:
    """A sentence of the domain in the reader's language."""
    return translated(text)


def member_kind(kind: Kind) -> str:
    return str(MEMBER_KINDS[kind])


def standing(standing: Standing) -> str:
    return str(STANDINGS[standing])


def duty(text: str) -> str:
    """A duty as the domain words it, as a sentence."""
    return str(DUTIES.get(text, text))


def register(app: Flask) -> None:
    filters = (
        day,
        moment,
        month,
        number,
        term,
        span,
        offence,
        gravity,
        basis,
        kind,
        proof,
        staff,
        act,
        hand,
        state,
        duty,
        ground,
        appeal_ground,
        choice_word,
        finding_kind,
        statement,
        read_what,
        rate,
        lasted,
        refusal,
        fingerprint,
        inspection,
        restrained,
        member_kind,
        standing,
    )
    app.jinja_env.filters.update({f.__name__: f for f in filters})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(policy=policy, countries=ALPHA_3, _l=lazy_gettext)
