"""Ways to tell problems and test results: to a person, and to the tools that run checks."""
