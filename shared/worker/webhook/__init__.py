"""What happens to a POST of Graph's until its messages are queued.

Read `webhook` first, then `sender_pool`, `batch` and `admission`.
"""
