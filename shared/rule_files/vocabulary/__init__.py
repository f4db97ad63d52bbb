"""The conditions that rules can use, and the syntax of their values."""
