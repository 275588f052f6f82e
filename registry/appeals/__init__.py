"""An appeal: the subject contests, and from then on the registry is on a clock that only the subject could stop.

It promises: whoever sits on the panel was drawn by nobody's choice and everybody can repeat the draw; who is a party,
or under one owner with a party, or took part before, decides nothing; a member that stays silent loses the listing
until a panel has decided. It does not promise that the draw is fair if the key holder and the subject conspire: then
each learns the panel before the other could refuse it, and still neither can choose it.

    rules      states, grounds, deadlines, what falls due: pure
    eligibility  which appeals are heard: pure
    actions    lodge, state, answer, contest, withdraw; what follows in the register is in `effects`
    proofing   a verifier confirms who the subject is
    admission  a clerk admits, and thereby fixes the pool; panelists declare their interests
    draw       the nonce, the draw, replacements; `redraw` repeats it from the log
    clocks     what the worker does when nobody does anything
"""
