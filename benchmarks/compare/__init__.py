"""This program beside others, on the same photos and touch recordings: `make compare`."""
