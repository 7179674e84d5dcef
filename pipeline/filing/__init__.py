"""Experiments, claims and records on file."""
