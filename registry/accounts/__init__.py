"""People and programs that sign in: accounts, sessions, API clients, access tokens.

An account belongs to a unit of a member and has roles. A person signs in with a password and gets a session; a
program signs in with a key of its own (RFC 7523) and gets a token. Both are rows that can be revoked.
"""
