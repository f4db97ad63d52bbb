"""Rule text becomes a policy, or problems that an admin can fix. No I/O, no clock."""
