"""The worker: what happens without anyone asking. Sequencing, clocks, the outbox, sweeping.

Each duty is a function that does one thing in one transaction and says whether there may be more. Killed at any
point, the worker takes up where the database says it stood.
"""
