"""MLflow: a view of the files, never the record.

MLflow reads switches when it is first imported, so they are set here, before any module of this room does that.
"""

from pipeline.process.compat import mlflow_internals

mlflow_internals.be_quiet()
