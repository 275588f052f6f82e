"""A finding: a demand on an entry or a member, raised by a regulator or by the system when a duty is late.

It promises: a finding is there until somebody has answered it, and is raised once for each cause. It decides nothing
by itself.
"""
