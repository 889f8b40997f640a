"""Everything that touches the outside, one file per outside thing. Only ``wiring`` imports from here."""
