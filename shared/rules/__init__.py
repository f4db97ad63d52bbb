"""Decides what happens to an event. Pure: no I/O, no clock, and no text of rule files.

`decide` checks the `guards` and then evaluates the rules of a `policy`. The `conditions` of a rule test the
facts in `event`; `facts` are those that are not in the event. `explain` shows how a decision comes about.
`rule_tests` runs the tests inside rules, and `rule_test_coverage` finds what they do not cover.
"""
