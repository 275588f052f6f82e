"""A case: the file of one accusation. It has a number, parties, a data key of its own, and steps.

Everything personal in it is sealed under the case key. Nothing is ever copied out of a case in the clear, so
destroying the key is the erasure.
"""
