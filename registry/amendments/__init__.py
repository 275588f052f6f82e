"""An amendment: what the filing member says about its report after it was screened.

Promises: it is signed by one person of the member and confirmed by a second over the same digest, within 72 hours, or
it lapses; it never makes a case graver, a term longer or a proof stronger, for that takes a report of its own, with its
own notice and hearing; the accused person is written to, and whoever was told otherwise is told again. What takes an
entry back hides it at the first signature. It does not promise that the member is right: only that nobody is worse off
for it.

    rules     the four kinds, what each may say, and what can happen to one: pure
    actions   sign, confirm; `lapse_due` for the clock
    effects   what an amendment in force does to the report or the entry
    queries   what was amended, in words
"""
