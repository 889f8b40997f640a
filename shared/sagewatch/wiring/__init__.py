"""The only package that names adapters: one module for each function."""
