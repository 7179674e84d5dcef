"""The five pipeline stages: read my section, call, write my outputs."""
