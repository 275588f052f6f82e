from tests.line import connect, hana, line, waits
from tests.served import desk

__all__ = ["connect", "desk", "hana", "line", "waits"]
