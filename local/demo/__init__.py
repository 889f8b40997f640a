"""The day that `make demo` plays."""
