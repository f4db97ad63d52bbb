"""Holds rules against real calendars and writes nothing."""
