"""A search for better parameters: one coordinator decides, workers are pure functions of a configuration."""
