"""What only an admin's desk does: check the set-up, replay, backfill. Not deployed."""
