"""Joinlink on one machine: the real function app, with everything around it stood in for."""
