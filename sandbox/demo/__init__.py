"""The demo: a working day at Contoso with everything on this machine, and a verdict on it."""
