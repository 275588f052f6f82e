"""A mandate: somebody acts for the subject of a case, as far and as long as it says.

Promises: it is recorded by a verifier or a clerk who has seen it, its code is shown once, what the representative does
is logged as theirs, and the subject ends it at any moment. It never reaches further than what the subject may do.
"""
