"""Tests, by what they need: unit, contract (servers on localhost), template, e2e (the deployed local cloud)."""
