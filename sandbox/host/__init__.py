"""A local Functions host: plays what Azure does around a `func.FunctionApp`."""

from sandbox.host.bindings import UnplayableApp
from sandbox.host.host import STEPWISE_URL, Host
from sandbox.host.invocation import Failure
from sandbox.host.process import HostProcess

__all__ = ["STEPWISE_URL", "Failure", "Host", "HostProcess", "UnplayableApp"]
