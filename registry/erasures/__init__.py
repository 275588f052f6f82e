"""An erasure: a case whose time is over is forgotten, and the log proves that nothing else was.

Promises: the case key is destroyed only after a regulator has opened every act that then stops opening and has signed
their positions and the lawful ground; the audit accepts an unopenable leaf only if it is so listed, and still attests
every row that is left. Afterwards nothing in the database, its journal or the outbox opens or matches the person.
What stays is a skeleton of states, dates and who acted. Recalls that are still to be delivered are delivered.

It does not promise anything about copies that members and backups hold: those end with the backups' retention.
"""
