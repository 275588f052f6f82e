"""The judge: was everybody treated as the rules promise? Pure: an exported log in, sentences out.

It replays what the acts in the export tell (`registry.audit.export`) and names every breach of a safeguard: who acted
on their own member's case, what was listed without two signers, screening, service or the whole window, whom a check
was shown what it must not see, which deadline passed without its effect, who was not told of a change. It promises to
find what the acts say. It cannot tell whether what they say is true; `zilu audit` holds them against the database, and
witnesses keep the log from being two.
"""
