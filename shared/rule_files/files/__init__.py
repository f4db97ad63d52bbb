"""The tables of a rule file's keys, and the readers of its blocks."""
