"""A stateful machine: people, admins, faults and two workers in any order, on storage in memory.

`machine.py` has the rules that Hypothesis chooses from, `town.py` everything that they act on. A worker
(`worker.py`) is the product's own wiring (`app.py`) over services in memory (`services.py`). Each of its
calls is a step (`steps.py`), where the other worker or a crash may cut in. `judge.py` applies
`sandbox.promises`.
"""
