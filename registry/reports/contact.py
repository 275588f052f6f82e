"""Where the subject's letter goes: given beside the statement, sealed like it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from registry.errors import Invalid
from registry.notices import letters
from registry.reports.prose import verify_no_number, verify_prose
from registry.reports.queries import Contact

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,24}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


def read_contact(contact: Mapping[str, object]) -> Contact:
    """Where to reach the subject; Invalid names the field."""
    if contact.keys() - {"name", "address", "phone", "email", "language"}:
        raise Invalid("contact may only have name, address, phone, email and language", field="contact")
    return Contact(
        name=verify_prose(contact.get("name"), field="contact.name", most=80),
        address=verify_prose(contact.get("address"), field="contact.address", most=300),
        phone=read_phone(contact.get("phone")),
        email=read_email(contact.get("email")),
        language=read_language(contact.get("language")),
    )


def read_phone(phone: object) -> str | None:
    if phone is None:
        return None
    if not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
        raise Invalid("contact.phone must be 5 to 25 digits, or be left out", field="contact.phone")
    verify_no_number(phone, field="contact.phone")
    return phone


def read_email(email: object) -> str | None:
    if email is None:
        return None
    if not (isinstance(email, str) and len(email) <= 254 and _EMAIL.fullmatch(email)):
        raise Invalid("contact.email must be an address like name@example.org, or be left out", field="contact.email")
    verify_no_number(email, field="contact.email")
    return email


def read_language(language: object) -> str:
    if not isinstance(language, str) or language not in letters.LANGUAGES:
        raise Invalid(
            "contact.language must be {allowed}", field="contact.language", allowed=" or ".join(letters.LANGUAGES)
        )
    return language
