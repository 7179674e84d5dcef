"""Images in: sources, integrity, splits, preprocessing."""
