"""What all tests share."""

from hypothesis import HealthCheck, settings

# Machines that run tests are shared and noisy: a slow example is no finding.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
