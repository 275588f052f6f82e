"""A panel: three people of three members, drawn by nobody (`registry.appeals.draw`), hear and decide.

It promises: no vote can be read by anyone who sits, files, appeals or inspects until all three are in; the decision
follows from the votes by rule, and changes the register in the transaction that takes it. It does not promise secrecy
against whoever holds the vault key: votes are sealed under the case's key, like all that is personal.
"""
