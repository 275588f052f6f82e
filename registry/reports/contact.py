"""Where the subject's letter goes: given beside the statement, sealed like it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from registry.errors import Invalid
from registry.notices import letters
from registry.reports.prose import verify_no_number, verify_prose
from registry.reports.queries import Contact

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,24}")


def read_contact(contact: Mapping[str, object]) -> Contact:
    """Where to reach the subject; Invalid names the field."""
    if contact.keys() - {"name", "address", "phone", "language"}:
        raise Invalid("contact may only have name, address, phone and language", field="contact")
    phone, language = contact.get("phone"), contact.get("language")
    if phone is not None and not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
        raise Invalid("contact.phone must be 5 to 25 digits, or be left out", field="contact.phone")
    if isinstance(phone, str):
        verify_no_number(phone, field="contact.phone")
    if not isinstance(language, str) or language not in letters.LANGUAGES:
        raise Invalid(f"contact.language must be {' or '.join(letters.LANGUAGES)}", field="contact.language")
    return Contact(
        name=verify_prose(contact.get("name"), field="contact.name", most=80),
        address=verify_prose(contact.get("address"), field="contact.address", most=300),
        phone=phone if isinstance(phone, str) else None,
        language=language,
    )
