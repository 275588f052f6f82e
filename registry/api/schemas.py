"""What every request body has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Unknown members are refused, and a refusal never repeats what was sent."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class Answer(BaseModel):
    """What an endpoint answers; the shape stands in the OpenAPI document."""

    model_config = ConfigDict(extra="forbid")
