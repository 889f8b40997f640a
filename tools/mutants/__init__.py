"""Mutation testing of the code that calculates money: ``make mutants``."""
