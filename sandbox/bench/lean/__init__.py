"""A lean stand-in for Graph and table storage: canned answers after a set time, in a process of its own.

It costs so little that benchmarks measure the worker, or the latency, and not the stand-in. Everything else
uses `sandbox.graph` and Azurite, which behave like the services.
"""
