"""Follows one meeting through the whole chain of a real tenant: `joinlink canary`."""
