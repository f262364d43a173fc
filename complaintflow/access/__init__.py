"""Who may do what: identities, the rules in one place, recusal, and what is masked."""
