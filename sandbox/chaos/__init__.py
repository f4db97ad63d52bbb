"""Chaos tests: two hosts, one storage account and one Graph, with faults by a plan.

A plan (`plan.py`) is drawn from a seed (`random_plan.py`) and a list of faults (`fault_kinds.py`). `run.py`
carries it out with real processes of the app, and `record.py` has what happened. `checker.py` reads only that
record and says for each event whether the app kept its promises.
"""
