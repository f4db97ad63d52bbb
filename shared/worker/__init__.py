"""What happens to one change, one mailbox, one subscription."""
