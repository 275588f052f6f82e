"""A witness: a small server that members and regulators run, apart from the registry whose log it watches.

It cosigns a checkpoint only when that is consistent with all it has cosigned before, so that a log which shows
different histories to different people cannot have the same witness vouch for both. It keeps the last checkpoint of
each log, and the notes of a log that signed two histories. It says nothing about what a log's leaves mean.

It needs no database and no server parts: the plain install runs it. Whoever runs it puts TLS in front.
"""
