"""What a machine is made of, in words: for those who read how long something took, or where it was checked."""

import platform
import shutil
import subprocess
from pathlib import Path

_SECONDS = 5
_GIB = 2**30


def describe() -> dict[str, str]:
    """Processor, how many of its cores and how much memory may be used, GPU, operating system and Python; no names."""
    from pipeline.process import limits

    return {
        "cpu": cpu_model(),
        "cores": str(limits.cpus()),
        "memory": f"{limits.memory_bytes() / _GIB:.1f} GiB",
        "gpu": gpus(),
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "python": platform.python_version(),
    }


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def gpus() -> str:
    """NVIDIA's, by their driver's own program; "none" without it, "unknown" if it does not say."""
    command = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    if not shutil.which(command[0]):
        return "none"
    try:
        run = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return ", ".join(run.stdout.split("\n")).strip(", ") if run.returncode == 0 else "unknown"
