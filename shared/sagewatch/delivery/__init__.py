"""Delivers each alert to its channel once, in its thread, and many of a kind as one message."""
