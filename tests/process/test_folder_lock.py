"""No stage outlives its `dvc`."""

import subprocess
import sys

import psutil

# In a call that no signal interrupts, as those into TensorFlow.
STAGE = """
import hashlib
from pipeline.process import folder_lock, groups
groups._POLL_SECONDS = folder_lock._IN_ORDER_SECONDS = 0.2
with groups.ending_in_order(), folder_lock.stage_alone("train"):
    print("at work", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
DVC = f"""
import os, subprocess, sys
stage = subprocess.Popen([sys.executable, "-c", {STAGE!r}], env={{**os.environ, "DVC_STAGE": "train"}})
print(stage.pid, flush=True)
stage.wait()
"""


def test_a_stage_that_hears_nothing_ends_with_its_dvc_too(tmp_path):
    command = [sys.executable, "-c", DVC]
    dvc = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    stage = psutil.Process(int(dvc.stdout.readline()))
    assert dvc.stdout.readline() == "at work\n"
    dvc.kill()
    dvc.wait()
    psutil.wait_procs([stage], timeout=20)
    lives = stage.is_running() and stage.status() != psutil.STATUS_ZOMBIE
    if lives:
        stage.kill()
    assert not lives
    dvc.stdout.close()
