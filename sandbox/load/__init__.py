"""`make load`: requests a second, answer times and acknowledged messages of the webhook under load."""
