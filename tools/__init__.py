"""Commands of operators and developers."""
