"""Finds join links of meeting services in an event, also if link scanners or redirectors wrap them."""
