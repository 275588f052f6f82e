"""The consortium's keys: members' signing keys with the span in which they hold, and the client of the key holder."""
