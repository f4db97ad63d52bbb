"""Everything that Joinlink's ways in (functions, the command, the sandbox) share."""
