"""A recall: the message to past checkers that an answer has changed.

It promises: whoever was shown an entry is told once of each change, in the transaction that makes the change, and it
is written down who has acknowledged it by signature and who has not. It does not promise that a member acts on it:
after three days without acknowledgement the regulators are told.
"""
