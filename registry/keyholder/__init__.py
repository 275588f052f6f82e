"""The process that has the identity key, on a Unix socket that only its own user can open (mode 0600).

Promises: the key never leaves the process; no member gets more evaluations in a day than its ceiling, nor all
members more than theirs, whatever the web node says and however often either is restarted; one draw a case, for
ever. An element is counted on disk before it is evaluated.

Does not promise: to know who really asks (`member` and `account` are the web node's word), or to survive a root
user of its machine. What it knows of a person is a blinded element, or a tag while a case match is open.
"""
