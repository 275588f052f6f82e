"""Every table in one place: importing this module imports each part's `models`."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import registry
from registry.db import Base

__all__ = ["Base"]

for _part in pkgutil.iter_modules(registry.__path__):
    if _part.ispkg and importlib.util.find_spec(f"registry.{_part.name}.models"):
        importlib.import_module(f"registry.{_part.name}.models")
