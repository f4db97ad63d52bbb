"""The ordinary implementation, for comparison: Microsoft's SDK as its samples use it.

It reads the event, decides with the same condition and writes. It remembers nothing: no limits, no record of
what it wrote, no check of the effect, no body, no copies of a message. It has an environment of its own.
"""
