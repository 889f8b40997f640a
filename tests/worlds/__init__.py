"""What tests are set in: builders, small worlds around the core, servers on localhost."""
