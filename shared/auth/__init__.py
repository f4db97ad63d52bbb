"""Access tokens from MSAL, for Graph and for Azure Storage."""
