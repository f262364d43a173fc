"""What keeps a case closed: key-encryption keys, one key per case, and the signed head of the whole store."""
