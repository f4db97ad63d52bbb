"""A local Functions host: plays what Azure does around a `func.FunctionApp`."""

from sandbox.host.bindings import UnplayableApp
from sandbox.host.host import Host
from sandbox.host.invocation import Failure
from sandbox.host.process import HostProcess

__all__ = ["Failure", "Host", "HostProcess", "UnplayableApp"]
