"""What the handling of events and the handling of mailboxes both use."""
