"""The headers that every response carries."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
)

HSTS_SECONDS = 2 * 365 * 24 * 3600


def hardened(*, https: bool) -> Callable[[Response], Response]:
    """Sets the headers. What a view says of caching stays; everything else is kept by nobody."""
    headers = Secure(
        csp=_policy(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().geolocation("()").microphone("()").camera("()"),
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        hsts=StrictTransportSecurity().max_age(HSTS_SECONDS) if https else None,
    ).headers

    def harden(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)  # a letter or an exhibit has a stricter policy of its own
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return harden


def _policy() -> ContentSecurityPolicy:
    """Our own files and nothing else; no text ever becomes script, and a worker is one of our own."""
    return (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'")
        .style_src("'self'")
        .img_src("'self'")
        .connect_src("'self'")
        .form_action("'self'")
        .frame_ancestors("'none'")
        .base_uri("'none'")
        .worker_src("'self'")
        .require_trusted_types_for("'script'")
        .trusted_types("zilu-worker")
    )
