"""The audit: replay the log against the database and name every difference.

It promises that a row which was deleted, edited, added or exchanged behind the registry's back is named, as
`table:primary key`, however many there are. It does not promise to know what the row said before: the log keeps
digests. It reads and never writes, needs the vault key to open the acts, and goes on past whatever it cannot open.

`history`, `differences` and `remote` are pure: from outside, without a database or a secret, `remote` verifies what
the log itself can prove.
"""
