"""What the OpenAPI document needs that the generator leaves out."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence: what is wrong and what would be right"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
REFUSALS = {
    "401": "No access token, or one that is over",
    "403": "Not allowed",
    "404": "Not found",
    "409": "Not in this state",
    "422": "A field is wrong",
    "429": "A budget is used up",
    "503": "A part is down",
}


def complete(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """Bodies are required, refusals are problem documents, and tokens are how one signs in."""
    if isinstance(spec, str):  # only where the document is served as YAML, which is not here
        return spec
    spec["openapi"] = "3.1.0"
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            _complete(operation, public=not path.startswith("/api/"))
    return spec


def _complete(operation: dict[str, Any], *, public: bool) -> None:
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if not public:
        operation["security"] = [{"token": []}]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation.setdefault("responses", {})
    for status, description in REFUSALS.items():
        responses[status] = {"description": description, "content": content}
