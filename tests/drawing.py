"""What Hypothesis draws: the same inputs each time, so that a suite which passed once does not fail by chance.

`pytest --hypothesis-profile=chance` draws others, in search of what nobody has seen fail. In neither does the pace of a
machine decide: how long an example takes, and how many are left out for one that is kept, is no property of the code.
"""

from hypothesis import HealthCheck, settings

STEADY, CHANCE = "steady", "chance"


def register() -> None:
    """Make both known and STEADY the one in use: before a test is imported, as `settings` begin with what is in use."""
    unhurried = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    settings.register_profile(CHANCE, deadline=None, suppress_health_check=unhurried)
    settings.register_profile(STEADY, settings.get_profile(CHANCE), derandomize=True)
    settings.load_profile(STEADY)
