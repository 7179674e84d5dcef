"""MLflow: a view of the files, never the record.

MLflow reads these switches when it is first imported, so they are set here, before any module of this room does that.
Whoever sets them in the shell keeps them.
"""

import os

_QUIET = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
for _name, _value in _QUIET.items():
    os.environ.setdefault(_name, _value)
