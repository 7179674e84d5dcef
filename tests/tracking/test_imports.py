import subprocess
import sys


def test_watching_a_training_does_not_load_tensorflow_and_says_nothing() -> None:
    code = "import sys, pipeline.tracking.live, pipeline.tracking.publish; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
