"""Runs Joinlink on one machine: the real function app, with stand-ins for Graph and Azure."""
