"""Measurements. A benchmark measures; no test depends on it."""
