"""The blocks of a rule file: file, settings, rule, rule tests."""
