"""Verifies the COSE parts of an unpacked Tallystick receipt with cbor2 and cryptography.

Usage: python3 verify.py DIR SITE.json; exit 0 = holds, 1 = does not, with one line that says what.
"""

import base64
import hashlib
import json
import pathlib
import sys

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Invalid(Exception):
    pass


def require(holds, otherwise):
    if not holds:
        raise Invalid(otherwise)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_from_path(entry, size, index, path):
    """RFC 9162 section 2.1.3.2, from the leaf's entry to the root."""
    require(0 <= index < size, "the index is outside the bundle")
    node, last, value = index, size - 1, sha256(b"\x00", entry)
    for sibling in path:
        require(last > 0 and len(sibling) == 32, "the path is too long")
        if node & 1 or node == last:
            value = sha256(b"\x01", sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = sha256(b"\x01", value, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0, "the path is too short")
    return value


def open_cose(data):
    value = cbor2.loads(data)
    require(isinstance(value, cbor2.CBORTag) and value.tag == 18 and len(value.value) == 4, "no tagged COSE_Sign1")
    return value.value


def key_of(protected, site):
    """The gateway's key, found by its name in the CWT claims and confirmed by the key id."""
    header = cbor2.loads(protected)
    require(header[1] == -8 and header[395] == 1, "not EdDSA over an RFC9162_SHA256 structure")
    require(header[15][2] == "urn:tallystick:" + site["site"], "of another site")
    for gateway in site["gateways"]:
        if header[15][1] == f"urn:tallystick:{site['site']}:{gateway['name']}":
            data = base64.b64decode(gateway["key"].split("+", 2)[2], validate=True)
            require(data[0] == 1 and len(data) == 33, "the gateway's verifier key is not of type 01")
            require(sha256(data[1:])[:8] == header[4], "signed with another key than the site's")
            return header, Ed25519PublicKey.from_public_bytes(data[1:])
    raise Invalid("the site has no such gateway")


def check_signature(key, protected, root, signature):
    message = cbor2.dumps(["Signature1", protected, b"", root])
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise Invalid("the gateway's signature does not cover this root") from None


def verify(directory, site):
    statement = (directory / "statement.cbor").read_bytes()
    protected, unprotected, payload, signature = open_cose((directory / "statement.cose").read_bytes())
    header, key = key_of(protected, site)
    require(payload is None, "statement.cose: the payload is not detached")
    (wrapped,) = unprotected[396][-1]
    size, index, path = cbor2.loads(wrapped)
    own = header["tallystick"]
    require(size == own["count"], "statement.cose: the path is for another number of statements")
    require(own["configHash"].hex() == site["configHash"] and own["epoch"] == site["epoch"], "of another configuration")
    root = root_from_path(statement, size, index, path)
    check_signature(key, protected, root, signature)

    pack = {record[0]: record for record in cbor2.loads(statement)}
    require(pack["seq"][2] == own["first"] + index, "statement.cbor: the number is not that of its place")

    bundle = open_cose((directory / "bundle.cose").read_bytes())
    require(list(bundle) == [protected, {}, root, signature], "bundle.cose is not the bundle of statement.cose")
    _, bundle_key = key_of(bundle[0], site)
    check_signature(bundle_key, bundle[0], bundle[2], bundle[3])
    return f"{header[15][1]} signed statement {pack['seq'][2]}: {pack['item'][3]} weighs {pack['net'][2]} kg"


def main():
    if len(sys.argv) != 3:
        print("usage: verify.py DIR SITE.json", file=sys.stderr)
        return 2
    try:
        line = verify(pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")))
    except Exception as error:  # whatever a hostile file provokes is a failed verification
        print(f"failed: python: {type(error).__name__}: {error}")
        return 1
    print(f"ok: python: {line}")
    return 0


sys.exit(main())
