"""Microsoft Graph. `protocol` has the pure half: what we send, and what answers mean. The rest does I/O."""
