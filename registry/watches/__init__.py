"""A watch: a check of one of a member's present staff that stays open, with the person's consent, until a date.

It promises: when the person is listed meanwhile, the member that watches is told by a recall, as for an open hiring
check. It costs what a check costs, when it begins and each time it is renewed, because it begins and is renewed with
a check: so budgets, consent, receipt and the person's own list of who asked hold for it without more. It ends by
itself; a member that wants to know for longer has to ask again.
"""
