"""The transparency log: C2SP tiles, checkpoints and proofs over an RFC 6962 tree.

It promises that what was logged cannot be altered, reordered or taken away without every witness seeing it, and that
a leaf reveals nothing: it is a salted commitment. It does not promise that what was logged is true.

`tree`, `tiles`, `checkpoint`, `leaf`, `proof`, `receipt` and `absence` are pure: they know bytes, no database and no
clock.
"""
