"""The way into an account, for its owner's first time and for when password, telephone or device are lost.

The administrator invites; the code of the invitation opens the account once. It promises: recovery takes as much as
enrolment did, takes the old ways in away, and waits so long that whoever is still in can refuse it. It does not prove
who somebody is: that the administrator has to know.
"""
