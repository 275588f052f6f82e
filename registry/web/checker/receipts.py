"""`/check/receipt`: a receipt file is verified, and the page says what it proves.

The registry verifies here what it has signed itself. Whoever does not want to rely on it runs `zilu receipt verify`,
which asks nobody.
"""

from __future__ import annotations

from flask import make_response, render_template
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import FileField

from registry.access import Action, needs
from registry.errors import Invalid
from registry.log.receipt import Verified, verify_file
from registry.signing import canonical
from registry.signing.keys import thumbprint
from registry.web.checker.blueprint import bp
from registry.web.context import running
from registry.web.forms import Form

LIMIT = 2**20  # bytes; a batch of a thousand takes a fifth


class ReceiptForm(Form):
    file = FileField(_("The receipt file"))


@bp.route("/check/receipt", methods=["GET", "POST"])
@needs(Action.CHECK_READ)
def verify_receipt() -> Response:
    form = ReceiptForm()
    found = _verified(form) if form.validate_on_submit() else None
    return make_response(render_template("checker/receipt.html", form=form, found=found), 422 if form.errors else 200)


def _verified(form: ReceiptForm) -> Verified | None:
    run, file = running(), form.file.data
    if not file:
        form.file.errors = [_("Choose the receipt file.")]
        return None
    public = run.secrets.receipt_key.public_key()
    try:
        document = canonical.parse(file.read(LIMIT + 1), field="file", limit=LIMIT)
        return verify_file(document, receipt_keys={thumbprint(public): public}, policy=run.policy)
    except Invalid:
        form.file.errors = [
            _("This is no receipt of this registry, or it was changed. Save it again from the history, and compare.")
        ]
        return None
