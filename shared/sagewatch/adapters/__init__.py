"""Everything that touches the outside, one place for each outside thing. Only ``wiring`` imports from here."""
