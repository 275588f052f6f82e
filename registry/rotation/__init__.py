"""Rotation of the identity key without anybody's number: k becomes k', and every tag N = k·H becomes N' = k'·H.

    begin ──→ moving ──→ verified ──→ switched ──────→ settling ──→ settled ──→ the holder retires k
              (checks go on under k)   (clients use k'; both handles stand; two days' grace)

It promises: no number is needed; the ratio never leaves the key holder; a pair that is not of that ratio is refused
here and again by a regulator's own process, before the switch for every case and before the old handles go for every
check; whoever is killed at any point runs it again; any two rows about one person always have the same handle.

It does not promise that a stolen old key becomes useless at once: until the holder retires it, both are worth guarding.
A check that was answered before checks sealed their tag is moved only if the person is known from another row.
"""
