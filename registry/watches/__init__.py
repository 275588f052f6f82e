"""A watch: a check of one of a member's present staff that stays open, with the person's consent, until a date.

It promises: when the person is listed meanwhile, the member that watches is told by a recall, as for an open hiring
check. It costs what a check costs, when it begins and each time it is renewed, because it begins and is renewed with
a check: so budgets, consent, receipt and the person's own list of who asked hold for it without more. It ends by
itself; a member that wants to know for longer has to ask again.

It holds no handle of its own: the check has it, so that it moves with the check to a new identity key, and goes with it
when everything about the person is erased. From then on the watch tells nothing until it is renewed, and its member is
not told so: it would learn that there was a case.
"""
