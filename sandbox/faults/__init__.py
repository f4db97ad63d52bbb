"""Faults as data: one plan of what may fail, and how an event may end after it.

`fault.py` has the form, `kinds.py` the table, which docs/reliability.md shows. The chaos run, the stateful
machine, the demo and tests apply it; the benchmark of the slowest message applies `long_waits.py`.
"""
