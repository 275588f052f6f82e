"""Figures for Prometheus, on an address of the worker's own: `[metrics]` in config.toml. Numbers alone, about nobody.

    zilu_canaries              numbers that nobody has, and whose checks raise an alarm
    zilu_canary_alarms_total   batches that asked about one, ever
    zilu_canary_alarms_open    those of them whose alarm no regulator has closed
    zilu_acts_waiting          acts that are not in the log yet

They are not public: whoever goes through numbers must not see that they were heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from registry.errors import Invalid
from registry.findings import canaries
from registry.log.models import Act
from registry.running import Running


class Figures(Collector):
    """Counted in the database each time that they are asked for."""

    def __init__(self, run: Running) -> None:
        self._run = run

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        with self._run.store.read() as session:
            kept, raised, still = len(canaries.listed(session)), canaries.count(session), canaries.open_alarms(session)
            waiting = session.scalar(sa.select(sa.func.count()).where(Act.position.is_(None)))
        yield GaugeMetricFamily("zilu_canaries", "Numbers whose checks raise an alarm.", kept)
        yield CounterMetricFamily("zilu_canary_alarms", "Batches that asked about a canary.", raised)
        yield GaugeMetricFamily("zilu_canary_alarms_open", "Alarms that no regulator has closed.", len(still))
        yield GaugeMetricFamily("zilu_acts_waiting", "Acts that are not in the log yet.", waiting or 0)


@contextmanager
def serving(run: Running) -> Iterator[int | None]:
    """Answer at the address of the settings, if they name one, meanwhile; the value is its port."""
    section = run.settings.metrics
    if section is None:
        yield None
        return
    figures = CollectorRegistry()
    figures.register(Figures(run))
    try:
        server, thread = start_http_server(section.port, section.host, figures)
    except OSError as error:
        raise Invalid(
            f"metrics.port cannot be used ({error.strerror}); name a free one", field="metrics.port"
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
