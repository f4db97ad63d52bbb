"""What happens to one mailbox and its subscription."""
