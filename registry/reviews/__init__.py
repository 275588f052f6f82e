"""A review: does a listing still serve its purpose? Asked by the registry at half of its term, or by the subject.

Promises: every listing is looked at once before its end; the subject can ask for its end after the earliest date that
the policy gives the level, and at any time when a court or the police have cleared them; somebody decides who has
nothing to do with the member and took no part before, with reasons that the subject reads, and when nobody does in
all the time there is, the listing ends; what ends is recalled in the same transaction.
"""
