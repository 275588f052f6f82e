"""Identity documents, the pseudonyms made from them, and the draw of a panel: pure, no database, no network.

Promises: a number is normalised to one spelling or refused; a tag can be computed only by a client and the
key holder together; whatever is not a canonical group element or scalar is refused before it is used.

Does not promise: that a well-formed number belongs to anybody, or that secrets are wiped from memory.
"""
