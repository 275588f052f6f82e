"""What the domain refuses, in the reader's language: the words that fill its sentences, and what stands in for some.

The sentences themselves are where they are raised (`registry.errors`), from where `scripts/translations.py` takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from registry.web.words import STATES

_VERBS: Final[Mapping[str, Any]] = {
    "admit": _("admit"),
    "answer": _("answer"),
    "ask": _("ask"),
    "cancel": _("cancel"),
    "close": _("close"),
    "confirm": _("confirm"),
    "contest": _("contest"),
    "continue": _("go on at the second instance"),
    "correct": _("correct"),
    "cosign": _("countersign"),
    "countersign": _("countersign"),
    "decide": _("decide"),
    "decline": _("decline"),
    "default": _("let it fall"),
    "draft": _("draft"),
    "end": _("end"),
    "execute": _("carry out"),
    "file": _("file"),
    "grant": _("agree"),
    "hear": _("hear"),
    "issue": _("issue"),
    "keep": _("keep"),
    "lapse": _("let it lapse"),
    "lift": _("lift"),
    "list": _("list"),
    "lodge": _("lodge"),
    "moot": _("close without a decision"),
    "presume": _("presume served"),
    "print": _("print"),
    "proof": _("verify the identity"),
    "propose": _("propose"),
    "raise": _("raise"),
    "refuse": _("refuse"),
    "rehabilitate": _("end before its time"),
    "reinstate": _("show again"),
    "renew": _("renew"),
    "replace": _("replace"),
    "return": _("note its return"),
    "revise": _("revise"),
    "screen": _("screen"),
    "serve": _("serve"),
    "settle": _("settle"),
    "shorten": _("shorten"),
    "sign": _("sign"),
    "suspend": _("suspend"),
    "throttle": _("throttle"),
    "use": _("use"),
    "void": _("declare void"),
    "withdraw": _("withdraw"),
}
_THINGS: Final[Mapping[str, Any]] = {
    "account": _("account"),
    "amendment": _("amendment"),
    "appeal": _("appeal"),
    "consent_link": _("link"),
    "draft": _("draft"),
    "entry": _("entry"),
    "erasure": _("erasure"),
    "finding": _("finding"),
    "member": _("company"),
    "notice": _("letter"),
    "order": _("order"),
    "report": _("report"),
    "restraint": _("restraint"),
    "review": _("review"),
    "unit": _("unit"),
    "an e-mail address": _("an e-mail address"),
    "the number of a bank card": _("the number of a bank card"),
    "a telephone number": _("a telephone number"),
}
_HANDS: Final[Mapping[str, Any]] = {
    "candidate": _("candidate"),
    "by itself": _("by itself"),
    "subject": _("the person"),
}
WORDS: Final[Mapping[str, Any]] = {**STATES, **_VERBS, **_THINGS, **_HANDS}
# For readers of another language, what the parts below the pages refuse: by code, for their sentences name claims.
BY_CODE: Final[Mapping[str, Any]] = {
    "forbidden": _("Your account may not do this."),
    "not-found": _("There is no such thing, or none that you may see."),
    "outdated": _("This has changed meanwhile. Open it again."),
    "key-unknown": _("This key is not enrolled. Let your administrator enrol it."),
    "signature-wrong": _("The signature does not fit. Sign it again."),
    "claim-missing": _("Something is missing here."),
    "claim-unknown": _("Something here is not as it must be."),
    "claim-wrong": _("Something here is not as it must be."),
    "claim-too-old": _("It was signed too long ago. Sign it again."),
    "invalid": _("Something here is not as it must be."),
    "unavailable": _("The service is not available now"),
}


def word(value: str) -> str:
    """A value of a refusal as this reader reads it: a state, a thing, a verb with its hands; else as it is."""
    verb, _sep, hands = value.removesuffix(")").partition(" (")
    if hands and verb in _VERBS:
        return str(gettext("%(verb)s (%(hands)s)", verb=_VERBS[verb], hands="/".join(map(word, hands.split("/")))))
    return str(WORDS.get(value, value))
