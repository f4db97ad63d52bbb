"""What trials on a real tenant share: a mailbox in which a desk creates, reads and deletes its own items."""
