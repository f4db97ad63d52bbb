"""A preview for people, scripts, spreadsheets, pull requests and browsers."""
