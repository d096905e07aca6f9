-- What searches hold against filters, apart from the texts: of a turn that does not pass, nothing else is read. No row changes.

CREATE INDEX turns_looked ON turns (id, conversation, state, outcome, accepted_at);
