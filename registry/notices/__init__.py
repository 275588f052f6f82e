"""Messages to members, letters to the accused, and the way in for whoever has received a letter.

Promises: a message is sent if and only if the act that caused it was committed; a code is good for five wrong answers
and no more; nobody learns whether a case, a code or a number was the one that did not fit. Nobody of the filing member
and no operator is ever shown a letter. Does not promise that a letter arrives: the clerk records what was proven.
"""
