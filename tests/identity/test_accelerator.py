"""A GPU is named with all that decides its bits; TensorFlow is asked only where there may be one."""

import sys
from types import SimpleNamespace

import pytest

from pipeline.identity import accelerator, libraries

DRIVER = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build  (dvs-builder)\n"


@pytest.fixture
def with_devices(monkeypatch, tmp_path):
    """Lets TensorFlow find devices, on a machine that has a driver."""
    monkeypatch.setattr(accelerator, "_possible", lambda: True)
    monkeypatch.setattr(accelerator, "_NVIDIA_DRIVER", tmp_path / "version")
    monkeypatch.setattr(accelerator, "_libraries", lambda: ["nvidia-cudnn-cu12 9.3.0.75"])
    monkeypatch.setattr(libraries, "start", lambda: None)
    (tmp_path / "version").write_text(DRIVER)

    def devices(*kinds: str, details: dict, build: dict) -> None:
        listed = [SimpleNamespace(device_type=kind) for kind in kinds]
        experimental = SimpleNamespace(get_device_details=lambda device: details if device in listed[1:] else {})
        config = SimpleNamespace(list_physical_devices=lambda: listed, experimental=experimental)
        sysconfig = SimpleNamespace(get_build_info=lambda: build)
        monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config, sysconfig=sysconfig))

    return devices


def test_a_gpu_is_named_with_its_driver_and_libraries(with_devices):
    details = {"device_name": "NVIDIA A100-SXM4-40GB", "compute_capability": (8, 0)}
    with_devices("CPU", "GPU", details=details, build={"cuda_version": "12.5.1", "cudnn_version": "9", "is_cuda": True})
    assert accelerator.accelerator() == (
        "NVIDIA A100-SXM4-40GB 8.0, driver 570.124.06, cuda 12.5.1, cudnn 9, nvidia-cudnn-cu12 9.3.0.75"
    )


def test_a_driver_whose_devices_are_hidden_is_none(with_devices):
    with_devices("CPU", details={}, build={})
    assert accelerator.accelerator() == "none"


def test_the_driver_of_older_modules_is_read_too(with_devices, tmp_path):
    (tmp_path / "version").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6\n")
    assert accelerator._driver() == ["driver 535.54.03"]
    (tmp_path / "version").unlink()
    assert accelerator._driver() == []


def test_without_a_driver_nobody_asks_tensorflow(monkeypatch):
    monkeypatch.setattr(accelerator, "_DRIVERS", ("libno-such-driver.so",))
    monkeypatch.setattr(accelerator, "_plugins", list)
    monkeypatch.setattr(libraries, "start", lambda: pytest.fail("TensorFlow was started"))
    assert accelerator.accelerator() == "none"


def test_a_device_that_is_plugged_in_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(accelerator, "_DRIVERS", ())
    monkeypatch.setattr(accelerator, "_plugins", lambda: [tmp_path / "tensorflow-plugins"])
    assert not accelerator._possible()
    (tmp_path / "tensorflow-plugins").mkdir()
    assert accelerator._possible()
