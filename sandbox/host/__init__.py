"""A local Functions host: runs a `func.FunctionApp` as Azure does."""

from sandbox.host.bindings import UnsupportedApp
from sandbox.host.host import Host
from sandbox.host.host_process import HostProcess
from sandbox.host.invocation import Failure

__all__ = ["Failure", "Host", "HostProcess", "UnsupportedApp"]
