"""SageWatch: what an AWS account spends on Amazon SageMaker, watched and acted on.

Read the packages in the order of the data: ``sagemaker`` parses what AWS says, ``pricing`` and ``ledger`` know the
money, ``diagnostics``, ``jobs``, ``notebooks`` and ``idle`` decide and act, ``digest`` sums up, ``delivery`` and
``slack`` report. ``adapters`` touch the outside, and ``wiring`` is the only package that names them.
"""

__version__ = "0.1.0"
