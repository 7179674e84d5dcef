"""What was measured, as values: history, metrics, predictions, statistics."""
