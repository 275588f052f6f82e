"""What is listed: opaque references by handle, each from one report, each with an end.

Promises: an entry appears only after its report's window has closed, once, and never again after it is voided; what a
checker may see follows from state and dates alone. Who may change an entry is decided where a decision is carried out:
the verbs here check the state and not the hand, and tell nobody but the log.
"""
