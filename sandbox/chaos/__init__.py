"""Chaos: two hosts, one storage account and one Graph, under faults by a plan.

A plan is data (`plan.py`), drawn from a seed (`draw.py`) out of a catalogue of faults (`catalogue.py`).
`play.py` carries it out with real processes of the app, `record.py` holds what happened, and `judge.py` reads
nothing but that record and says for each event whether the law was kept.
"""
