"""The ports in memory, one module for each package of ``sagewatch``: held to the same contract as the adapters."""
