"""Faults as data: one plan of what may fail, and how an event may end after it.

`fault.py` has the form, `kinds.py` the table. The chaos run applies it (`sandbox.chaos`), and
docs/reliability.md shows it.
"""
