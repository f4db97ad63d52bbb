"""Microsoft Graph: the protocol without I/O, the client, the notifications."""
