"""The version of Joinlink: the only place that names it."""

VERSION = "0.2.0"
