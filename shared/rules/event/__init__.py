"""The event as conditions see it: who is in it, where it is, what it says."""
