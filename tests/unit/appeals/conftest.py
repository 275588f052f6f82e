from tests.unit.appeals.contest import contest, drawn, listed, seated  # noqa: F401 - fixtures
