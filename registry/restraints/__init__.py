"""A restraint: a member whose listings fell too often files less, or nothing, until a regulator lifts it.

Promises: it follows from the policy's rates alone and nobody imposes one by hand; it never touches what the member may
check, answer, amend or take back; what was decided before a restraint was lifted counts for no new one.
"""
