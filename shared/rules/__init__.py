"""Rules and an event become a decision. No I/O, no clock, no rule text."""
