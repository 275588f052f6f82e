"""The free copy of a file: everything that the registry holds about the person in one case, to keep.

Promises: what the person may read stands in it, in the words of whoever wrote it, and it is signed. Not in it: the tag,
who inside a member typed what, votes that are not opened, and, until a verifier has confirmed who they are, who has
checked them.
"""
