"""MLflow: a view of the files, never the record."""
