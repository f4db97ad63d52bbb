"""What happens to one change of an event."""
