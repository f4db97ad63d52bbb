"""Reads values from nodes and collects the problems found on the way."""
