"""`make bench`: how fast Joinlink is, beside something else in the same run."""
