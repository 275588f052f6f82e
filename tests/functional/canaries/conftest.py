from tests.line import connect, hana, line, waits

__all__ = ["connect", "hana", "line", "waits"]
