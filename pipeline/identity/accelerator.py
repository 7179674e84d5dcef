"""What is computed on beside the CPU: another model, driver or library of it gives other last bits."""

import ctypes
import re
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.identity import libraries

_DRIVERS = ("libcuda.so.1", "libamdhip64.so")  # without one of these TensorFlow finds no GPU
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def accelerator() -> str:
    """The device that TensorFlow prefers to the CPU, with its driver and libraries; "none" if there is none.

    TensorFlow is imported for it, and only where a driver says that there may be one.
    """
    if not _possible():
        return "none"
    libraries.start()
    import tensorflow as tf

    devices = [device for device in tf.config.list_physical_devices() if device.device_type != "CPU"]
    return _described(tf, devices[0]) if devices else "none"


def _possible() -> bool:
    return any(map(_loads, _DRIVERS)) or any(folder.is_dir() for folder in _plugins())


@cache
def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _plugins() -> list[Path]:
    """Where devices that are plugged into TensorFlow (of Apple, Intel) are installed."""
    found = find_spec("tensorflow")
    places = found.submodule_search_locations if found else None
    return [Path(place).with_name("tensorflow-plugins") for place in places or ()]


def _described(tf: Any, device: Any) -> str:
    details, build = tf.config.experimental.get_device_details(device), tf.sysconfig.get_build_info()
    capability = ".".join(map(str, details.get("compute_capability", ())))
    parts = [f"{details.get('device_name', device.device_type)} {capability}".strip(), *_driver()]
    parts += [f"{name} {build[f'{name}_version']}" for name in ("cuda", "cudnn", "rocm") if f"{name}_version" in build]
    return ", ".join([*parts, *_libraries()])


def _driver() -> list[str]:
    try:
        found = re.search(r"Module\s+(?:for \S+\s+)?([\d.]+)", _NVIDIA_DRIVER.read_text(encoding="utf-8"))
    except OSError:
        return []
    return [f"driver {found[1]}"] if found else []


def _libraries() -> list[str]:
    """Installed packages that bring CUDA, cuDNN and the like, or a device plugged in."""
    named = {found.name.lower(): found.version for found in distributions() if found.name}
    wanted = re.compile(
        r"nvidia-(cudnn|cublas|cuda-runtime|cuda-nvrtc)|tensorflow-metal|intel-extension-for-tensorflow"
    )
    return [f"{name} {version}" for name, version in sorted(named.items()) if wanted.match(name)]
