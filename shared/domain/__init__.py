"""The values that all parts use. Frozen and pure: no I/O, no clock."""
