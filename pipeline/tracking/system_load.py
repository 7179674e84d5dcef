"""What the machine did while a run trained, measured by MLflow's own sampler and shown under its System metrics.

Not by its thread: that waits minutes for a dead server, and a training ends with it.
"""

import time

from mlflow.entities import Metric
from mlflow.system_metrics.metrics.base_metrics_monitor import BaseMetricsMonitor
from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

_PREFIX = "system/"  # where MLflow's pages look for them
_SECONDS = 1.0  # between two samples


class SystemLoad:
    """Processor, memory and, where NVIDIA's library finds one, graphics card: at most one point a second."""

    def __init__(self) -> None:
        self._monitors: list[BaseMetricsMonitor] = [CPUMonitor(), *_graphics_cards()]
        self._next = 0.0
        self._step = 0
        for monitor in self._monitors:  # the processor's share is that since it was asked before
            monitor.collect_metrics()

    def sample(self) -> list[Metric]:
        """A point of each, or nothing if it is too soon."""
        if time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + _SECONDS
        self._step += 1
        now = int(time.time() * 1000)
        values: dict[str, float] = {}
        for monitor in self._monitors:
            monitor.clear_metrics()
            monitor.collect_metrics()
            values |= monitor.aggregate_metrics()
        return [Metric(_PREFIX + name, value, now, self._step) for name, value in values.items()]


def _graphics_cards() -> list[BaseMetricsMonitor]:
    try:
        return [GPUMonitor()]
    except (ImportError, RuntimeError):  # no library, or no card
        return []
