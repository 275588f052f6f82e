from tests.line import connect, line, waits
from tests.served import desk

__all__ = ["connect", "desk", "line", "waits"]
