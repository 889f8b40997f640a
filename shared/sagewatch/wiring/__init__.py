"""The only package that names adapters: one module for each function."""

import gc

# A start makes 200,000 objects that all stay. To look for garbage among them was a tenth of its CPU.
gc.set_threshold(100_000, 20, 100)
