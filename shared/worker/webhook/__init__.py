"""What happens to a notification until its messages are queued."""
