"""Connect to outside services, one module or package for each. Only ``wiring`` imports from here."""
