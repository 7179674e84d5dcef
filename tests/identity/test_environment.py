"""The environment names what computes, and no machine."""

import json
import os
import platform
import socket

import pytest

from pipeline.identity.environment import environment, operating_system


def test_the_environment_names_what_computes_and_no_machine(params, monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    found = environment(params.compute)
    computing = {"tensorflow", "keras", "numpy", "accelerator", "instruction_set", "platform", "precision", "threads"}
    assert computing <= found.keys()
    assert found["threads"] == str(params.compute.threads)
    assert found["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert socket.gethostname() not in json.dumps(found)


def no_such_name(name: str) -> str:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("system", "confstr", "expected"),
    [
        ("Linux", lambda name: "glibc 2.36", "Linux glibc 2.36"),
        ("Linux", no_such_name, "Linux another C library"),
        ("Darwin", None, "Darwin 14.5"),
        ("Windows", None, "Windows 10.0.22631"),
    ],
)
def test_the_system_is_named_with_its_c_library(monkeypatch, system, confstr, expected):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), ""))
    monkeypatch.setattr(platform, "version", lambda: "10.0.22631")
    monkeypatch.setattr(os, "confstr", confstr, raising=False)
    assert operating_system() == expected
