"""What happens to one change and to one mailbox."""
