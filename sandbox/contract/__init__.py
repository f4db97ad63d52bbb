"""`make contract`: Microsoft's own clients against the sandbox, in an environment of their own."""
