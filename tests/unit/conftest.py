"""How Hypothesis looks for examples here."""

from hypothesis import HealthCheck, settings

# The same examples each time, as long as they take: a machine that stands still for a moment finds no fault.
settings.register_profile("here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")
