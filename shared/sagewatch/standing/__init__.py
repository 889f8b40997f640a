"""Standing resources: what SageMaker bills until a person ends it, with its price, owner and last use.

Read in this order: resources (what one is), evidence (what can be known of its use), decision (pure), hourly (its
price), ports, ``kinds`` (one module for each AWS resource), registry (their table), and survey (all of it).
"""
