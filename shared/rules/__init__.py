"""The admin's rules: text becomes a policy, an event and a policy a decision. No I/O, no clock."""
