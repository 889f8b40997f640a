"""The kinds of standing resource, one module for each AWS resource."""
