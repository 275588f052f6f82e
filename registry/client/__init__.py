"""What a member embeds: reading staff files, blinding, asking in batches, resuming, verifying receipts.

Promises: an identity number leaves this package only blinded, and stands in no message, repr, journal or
results file; no row of a file is lost, whatever stands in it; nobody is asked about twice.

Does not promise: that the file itself is safe. It holds plain numbers before and after, and whoever can read
the member's disk can read it.
"""
