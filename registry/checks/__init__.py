"""A check: one question "is this person listed?", asked with a tag and answered with a signed receipt.

It promises: an answer of the same size whatever it says; nothing is answered that no ticket and no budget paid for,
and what was paid for is answered once; a retry gives the same bytes and costs nothing.

It does not promise that nobody guesses: whoever knows a birthday and a region has some thousand numbers to try, which
is why budgets follow the declared headcount and the key holder keeps ceilings of its own.
"""
