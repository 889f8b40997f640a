"""SageWatch: what an AWS account spends on Amazon SageMaker, watched and acted on.

Read the modules in the order of the data: ``events`` and ``shapes`` parse, ``resources`` are the values,
``pricing`` and ``costs`` know the money, ``policy`` decides, ``recorder`` and ``deliverer`` do,
``adapters`` touch the outside, and ``wiring`` is the only place that names them.
"""
