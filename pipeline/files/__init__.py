"""Where artifacts are and how they are written."""
