"""`make bench`: how fast Joinlink is, compared with something else in the same run."""
