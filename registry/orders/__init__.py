"""An order: what a court or an authority instructs about one case: suspend, preserve, erase.

Promises: it takes two signatures, one of a regulator and one of the operator, over the same words; what a regulator
signs hides or preserves at once, and lapses after 72 hours unless the operator confirms it. What an order does is a
date on the case and on its entry, so that it needs no undoing and stands beside whatever an appeal does. It never
makes anything visible that was not, and ends with its date, or before when both sides sign that the authority has
withdrawn it. When an order hides an entry, and when it is shown again, the person is told that there is something new.
"""
