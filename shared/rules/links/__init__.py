"""Links to meetings: which services' links, how mail filters wrap them, where they are in an event."""
