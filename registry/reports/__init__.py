"""The signed accusation: filed by one person, countersigned by another, screened by a neutral third, served.

Promises: every listing had two distinct hands and keys of one member over the same statement and the same identity
number, a screener who is no carrier and has nothing to do with that member, a served letter and a closed window. The
same statement is one report however often it is sent. Does not promise that the accusation is true.
"""
