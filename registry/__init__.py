"""Zilu (自律): a registry that an industry runs for itself.

member    a company of the consortium; a unit is an outlet of it, an account a person who signs in
case      the file of one accusation: number, parties, its own data key
report    the signed accusation; an exhibit is a piece of its evidence
notice    a letter to the subject, with proof of service
entry     what is listed, in which state, until when; from one report
check     one question "is this person listed?", answered with a signed receipt
recall    the message to past checkers that an answer has changed
appeal    the subject contests; a panel is drawn, votes, decides
finding   a demand on an entry or a member
log       the transparency log: every act leaves a leaf in it

Nouns stand inside, audiences at the edge (`web`, `api`, `cli`). Imports point leftwards only; the order and the
test that keeps it are in `tests/test_architecture.py`.
"""
