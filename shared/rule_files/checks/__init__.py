"""The checks of rules that could be read: contradictions, and what is probably not intended."""
