"""What every service's main does the same way."""

import os
import sys
from typing import TypeVar

from runtime.logs import configure_logs
from runtime.parent import leave_no_core
from runtime.settings import CommonSettings, read_settings
from runtime.tracing import configure_traces

ServiceSettings = TypeVar("ServiceSettings", bound=CommonSettings)


def set_up(service: str, kind: type[ServiceSettings]) -> ServiceSettings:
    """The settings of a service, with its logs and traces configured. Raises BadSetting."""
    leave_no_core()
    settings = read_settings(kind, os.environ)
    configure_logs(service, settings.log_level, settings.log_format)
    configure_traces(service, settings)
    return settings


def cannot_start(service: str, problem: Exception) -> int:
    """Says on the terminal, where it was started, why a service does not start; its exit code."""
    sys.stderr.write(f"{service}: {problem}\n")
    return 2
