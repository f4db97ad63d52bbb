"""Simulates a week of a large tenant with the product's own parts, and storage in memory."""
