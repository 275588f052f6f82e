from tests.line import connect, hana, line, waits
from tests.unit.frontend.conftest import node, node_path

__all__ = ["connect", "hana", "line", "node", "node_path", "waits"]
