"""Bulk work: many inputs, by several processes, into files that survive a power cut."""
