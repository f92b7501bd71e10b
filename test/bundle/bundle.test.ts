import test from "ava";
import fc from "fast-check";
import { type CborValue, decode, encode, tagged } from "../../ledger/cbor/index.ts";
import { bytesEqual, keyIdOf, sha256, sign, toHex, verify } from "../../ledger/crypto/index.ts";
import {
  type Bundle,
  type BundleHeader,
  encodeCose,
  openBundle,
  partsOf,
  sealBundle,
} from "../../ledger/bundle/index.ts";
import { leafHash, treeRoot } from "../../ledger/log/index.ts";
import { fixedKey, fixedLane, fixedSite } from "../vectors/site.ts";

const site = fixedSite();
const key = fixedKey("north bundles");
const keyId = keyIdOf(key.publicKey.raw);
const [lone, three] = fixedLane(site, "north", [1, 3]) as [Bundle, Bundle];

const reasonOf = (cose: Uint8Array, statements: readonly Uint8Array[] | null = null): string => {
  const opened = openBundle(cose, statements);
  return opened.kind === "reject" ? opened.reason : "accepted";
};

/** The same bundle with another protected header, signed properly: what a faulty gateway could send. */
function resealed(edit: (map: Map<number | string, CborValue>) => void): Uint8Array {
  const parts = partsOf(three.cose);
  if (parts.kind === "reject") throw new Error(parts.reason);
  const decoded = decode(parts.protectedHeader);
  if (decoded.kind === "reject" || !(decoded.value instanceof Map)) throw new Error("no map");
  edit(decoded.value);
  const protectedHeader = encode(decoded.value);
  const root = parts.payload ?? new Uint8Array();
  return encodeCose(
    protectedHeader,
    new Map(),
    root,
    sign(key, encode(["Signature1", protectedHeader, new Uint8Array(), root])),
  );
}

const own = (edit: (map: Map<string, CborValue>) => void) => (map: Map<number | string, CborValue>) =>
  edit(map.get("tallystick") as Map<string, CborValue>);

test("B1: what was sealed opens with the same header, root and hash, and the signature holds", (t) => {
  for (const bundle of [lone, three]) {
    const opened = openBundle(bundle.cose, bundle.statements);
    if (opened.kind === "reject") return t.fail(opened.reason);
    t.deepEqual(opened.bundle, bundle);
    t.deepEqual(opened.keyId, keyId);
    t.true(verify(key.publicKey, opened.signed, opened.signature));
    t.is(opened.bundle.hash, toHex(sha256(bundle.cose)));
  }
});

test("B6: another signature over the same content makes another hash under the same root", (t) => {
  const again = sealBundle(three.header, three.statements, keyId, (message) => sign(key, message).toReversed());
  t.is(again.root, three.root);
  t.not(again.hash, three.hash);
});

test("B4: a bundle of one statement has that statement's leaf hash as its root", (t) => {
  t.is(lone.root, toHex(leafHash(lone.statements[0] as Uint8Array)));
  t.is(three.root, toHex(treeRoot(three.statements.map(leafHash))));
});

test("B1: with null statements the header opens and the root is left unchecked", (t) => {
  const opened = openBundle(three.cose, null);
  t.like(opened, { kind: "accept", bundle: { header: three.header, root: three.root, statements: [] } });
});

test("B4: a statement that is changed, missing, added, moved or repeated does not open", (t) => {
  const [a, b, c] = three.statements as [Uint8Array, Uint8Array, Uint8Array];
  const changed = Uint8Array.from(b);
  changed[20] = (changed[20] ?? 0) ^ 1;
  t.regex(reasonOf(three.cose, [a, changed, c]), /root/);
  t.regex(reasonOf(three.cose, [b, a, c]), /root/);
  t.regex(reasonOf(three.cose, [a, a, c]), /root/);
  t.regex(reasonOf(three.cose, [a, b]), /count is 3, but 2/);
  t.regex(reasonOf(three.cose, [a, b, c, c]), /count is 3, but 4/);
});

test("B3: no byte of a bundle is free: each change is refused, or changes what is signed, the signature or the key id", (t) => {
  const before = openBundle(three.cose, three.statements);
  if (before.kind === "reject") return t.fail(before.reason);
  for (let at = 0; at < three.cose.length; at += 1) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const changed = Uint8Array.from(three.cose);
      changed[at] = (changed[at] ?? 0) ^ mask;
      const opened = openBundle(changed, three.statements);
      if (opened.kind === "reject") continue;
      t.not(opened.bundle.hash, three.hash);
      t.false(bytesEqual(opened.signed, before.signed) && bytesEqual(opened.signature, before.signature));
      t.false(verify(key.publicKey, opened.signed, opened.signature), `byte ${at}`);
    }
  }
});

test("B2: any bytes are answered", (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => openBundle(bytes, null).kind === "reject"));
  t.pass();
});

const content = (): CborValue[] => {
  const parts = partsOf(three.cose);
  if (parts.kind === "reject") throw new Error(parts.reason);
  return [parts.protectedHeader, new Map(), parts.payload, parts.signature];
};

const MALFORMED: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["no tag", () => encode(content()), /tagged COSE_Sign1/],
  ["two tags", () => encode(tagged(18, tagged(18, content()))), /tagged COSE_Sign1/],
  ["a fifth part", () => encode(tagged(18, [...content(), 0])), /four parts/],
  [
    "an unprotected header",
    () => encode(tagged(18, content().with(1, new Map([[4, keyId]])))),
    /unprotected header is not empty/,
  ],
  ["an unprotected header that is no map", () => encode(tagged(18, content().with(1, []))), /not a map/],
  ["a detached payload", () => encode(tagged(18, content().with(2, null))), /root of 32 bytes/],
  ["a root of 31 bytes", () => encode(tagged(18, content().with(2, new Uint8Array(31)))), /root of 32 bytes/],
  ["a signature of 65 bytes", () => encode(tagged(18, content().with(3, new Uint8Array(65)))), /64 bytes/],
  ["an empty protected header", () => encode(tagged(18, content().with(0, new Uint8Array()))), /protected header/],
  [
    "a protected header that is a map, not its bytes",
    () => encode(tagged(18, content().with(0, new Map()))),
    /protected header/,
  ],
  ["trailing bytes", () => Uint8Array.from([...three.cose, 0]), /.+/],
  ["another algorithm", () => resealed((map) => map.set(1, -7)), /label or value/],
  ["the fully specified algorithm number", () => resealed((map) => map.set(1, -19)), /label or value/],
  ["no algorithm", () => resealed((map) => map.delete(1)), /label or value/],
  ["a critical label", () => resealed((map) => map.set(2, [395])), /label or value/],
  ["a content type", () => resealed((map) => map.set(3, 112)), /label or value/],
  ["another proof structure", () => resealed((map) => map.set(395, 2)), /label or value/],
  ["a key id of 4 bytes", () => resealed((map) => map.set(4, keyId.slice(0, 4))), /key id/],
  ["no claims", () => resealed((map) => map.delete(15)), /claims/],
  ["a claim too many", () => resealed((map) => (map.get(15) as Map<number, CborValue>).set(6, 1)), /label or value/],
  [
    "a subject of another site",
    () => resealed((map) => (map.get(15) as Map<number, CborValue>).set(2, "urn:tallystick:other")),
    /label or value/,
  ],
  [
    "an issuer that is no URN of ours",
    () => resealed((map) => (map.get(15) as Map<number, CborValue>).set(1, "urn:x:harbour:north")),
    /wrong type/,
  ],
  [
    "an issuer with a part too many",
    () => resealed((map) => (map.get(15) as Map<number, CborValue>).set(1, "urn:tallystick:harbour:north:x")),
    /wrong type/,
  ],
  ["an own label too many", () => resealed(own((map) => map.set("extra", 1))), /label or value/],
  ["no statements", () => resealed(own((map) => map.set("count", 0))), /count 0/],
  ["more statements than a bundle holds", () => resealed(own((map) => map.set("count", 65_536))), /count 65536/],
  ["a negative number", () => resealed(own((map) => map.set("number", -1))), /number -1/],
  ["a text as epoch", () => resealed(own((map) => map.set("epoch", "1"))), /wrong type/],
  ["a parent of 31 bytes", () => resealed(own((map) => map.set("parent", new Uint8Array(31)))), /parent/],
  ["bundle 1 without parent", () => resealed(own((map) => map.set("parent", new Uint8Array(32)))), /zero parent/],
  ["bundle 0 with a parent", () => resealed(own((map) => map.set("number", 0))), /zero parent/],
  [
    "a first statement that empty bundles before it would need",
    () => resealed(own((map) => map.set("first", 0))),
    /starts at statement 0/,
  ],
];

for (const [name, make, expected] of MALFORMED) {
  test(`B2-B5: refused, naming what is wrong: ${name}`, (t) => {
    t.regex(reasonOf(make()), expected);
  });
}

test("B1: a header that breaks a rule is never signed", (t) => {
  const seal = (edit: Partial<BundleHeader>, id = keyId) =>
    sealBundle({ ...three.header, ...edit }, three.statements, id, () => t.fail("signed"));
  t.throws(() => seal({ count: 2 }), { message: /count 2 is not 3/ });
  t.throws(() => seal({ gateway: "North" }), { message: /gateway/ });
  t.throws(() => seal({ site: "a:b" }), { message: /site/ });
  t.throws(() => seal({ parent: "0".repeat(64) }), { message: /zero parent/ });
  t.throws(() => seal({ configHash: "00" }), { message: /configHash/ });
  t.throws(() => seal({ created: 1.5 }), { message: /created/ });
  t.throws(() => seal({}, keyId.slice(1)), { message: /8 bytes/ });
});

test("B2: a bundle's leaf stays far below the 65,536 bytes of a log entry", (t) => {
  const widest: BundleHeader = {
    site: "s".repeat(32),
    gateway: "g".repeat(32),
    epoch: Number.MAX_SAFE_INTEGER,
    configHash: "ff".repeat(32),
    number: 1,
    parent: "ff".repeat(32),
    first: Number.MAX_SAFE_INTEGER,
    count: 1,
    created: Number.MAX_SAFE_INTEGER,
  };
  const bundle = sealBundle(widest, [Uint8Array.of(1)], keyId, (message) => sign(key, message));
  t.true(bundle.cose.length < 500, String(bundle.cose.length));
});
