"""What handling a change and handling a mailbox have in common."""
