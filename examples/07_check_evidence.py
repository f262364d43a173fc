"""A third party checks the history of a case: no database, no key of the organisation, no complaintflow.

It needs two things of the organisation: a case's history, and the public key, asked for beforehand.

    complaintflow verify CASE --export case.json        the organisation, once
    complaintflow keys public                           64 hexadecimal digits
    python examples/07_check_evidence.py case.json 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29
"""

import json
import sys
from base64 import b64decode
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check(document: dict, public_key: str) -> str:
    """What is wrong with the document; empty when nothing is."""
    said = {name: value for name, value in document.items() if name != "signature"}
    try:
        signed = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(document["signature"]), signed
        )
    except (InvalidSignature, ValueError):
        return "the signature is not of this key, or the document was changed"
    head = ""
    for number, entry in enumerate(document["entries"], 1):
        columns = [head, document["case"], number, entry["at"], entry["event"], entry["element"], entry["token"]]
        if "name" in entry:
            columns += [entry["name"], entry["value"]]
        text = json.dumps(columns, ensure_ascii=True, separators=(",", ":")).encode()
        head = sha256(text + b64decode(entry["detail"])).hexdigest()
        if head != entry["digest"]:
            return f"entry {number} does not follow from the one before"
    whole = (document["length"], document["head"]) == (len(document["entries"]), head)
    return "" if whole else "entries are missing at the end"


def main(arguments: list[str]) -> str | None:
    """Check the file for the key; without them, say what is needed."""
    if len(arguments) != 2:
        return f"This example checks a file that you give it, with a public key.\n\n{__doc__}"
    try:
        with open(arguments[0], encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as error:
        return f"{arguments[0]} is not a history that `complaintflow verify CASE --export` wrote: {error}"
    return check(document, arguments[1]) or print("The history is whole and signed by this key.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
