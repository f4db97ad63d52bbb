"""A tenant of 40 mailboxes on this machine, to try every command of `joinlink` against: `make play`."""
