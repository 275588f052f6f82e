"""Strict signed statements: JWS compact form, Ed25519 only, one byte form for one meaning.

It promises that a statement which verifies has exactly one reading: no duplicate or unknown header, no number that
two parsers read differently, no second encoding of the same bytes. It does not promise that the key was valid at
the time (`registry.keys` knows, by log position) nor that the claims make sense (each kind of statement says).
"""
