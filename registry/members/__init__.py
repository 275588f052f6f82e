"""The companies and bodies of the consortium, and their units.

A carrier files and checks; an association lends the roster; verifiers, regulator and operator have members of
their own, so that "their own member's case" means the same for everyone.
"""
