import test from "ava";
import fc from "fast-check";
import { hashBytes, invariant, type SignedKind, signaturesHold, signedBytes } from "../../ledger/committee/index.ts";
import {
  asBytes,
  asGateway,
  asHash,
  asList,
  asNatural,
  asSignature,
  asSignatures,
  asText,
  Malformed,
} from "../../ledger/message/wire.ts";
import type { CborValue } from "../../ledger/cbor/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";
import { leaderOf } from "../../ledger/leaders/index.ts";
import { quorumOf } from "../../ledger/management/index.ts";
import { committeeOf, hashOfText } from "./fake.ts";

const KINDS: readonly SignedKind[] = ["ack", "propose", "notarize", "nullify", "finalize", "reveal", "configure"];
const hash = hashOfText("a block");

test("C1: a signature means nothing in another site, epoch, configuration, kind, number or hash", (t) => {
  const committee = committeeOf(4, 0);
  const variants = [
    ...KINDS.map((kind) => signedBytes(committee, kind, [1], hash)),
    ...KINDS.map((kind) => signedBytes(committee, kind, [2], hash)),
    signedBytes(committee, "notarize", [1, 0], hash),
    signedBytes(committee, "notarize", [1], null),
    signedBytes(committee, "notarize", [1], hashOfText("another block")),
    signedBytes({ ...committee, site: "other" }, "notarize", [1], hash),
    signedBytes({ ...committee, epoch: 1 }, "notarize", [1], hash),
    signedBytes({ ...committee, configHash: hashOfText("another site") }, "notarize", [1], hash),
  ];
  t.is(new Set(variants.map(toHex)).size, variants.length);
});

test("C1: what is signed never depends on who signs", (t) => {
  t.deepEqual(signedBytes(committeeOf(4, 0), "ack", [1, 2], hash), signedBytes(committeeOf(4, 3), "ack", [1, 2], hash));
});

test("C2: any two quorums of up to 500 gateways share an honest one, and the honest alone are a quorum", (t) => {
  for (let size = 1; size <= 500; size += 1) {
    const faulty = Math.floor((size - 1) / 3);
    t.true(2 * quorumOf(size) - size > faulty, `${size}`);
    t.true(size - faulty >= quorumOf(size), `${size}`);
  }
});

test("C2: the quorums are those of the table in the specification", (t) => {
  t.deepEqual([1, 2, 3, 4, 5, 7, 10, 100].map(quorumOf), [1, 2, 2, 3, 4, 5, 7, 67]);
});

const message = new TextEncoder().encode("the same bytes");
const signedBy = (voter: number) => ({ voter, signature: committeeOf(4, voter % 4).sign(message) });

test("C3: a certificate holds with a quorum of distinct signers over the same bytes", (t) => {
  const committee = committeeOf(4, 0);
  t.true(signaturesHold(committee, message, [0, 1, 2].map(signedBy), 3));
  t.true(signaturesHold(committee, message, [3, 2, 1, 0].map(signedBy), 3));
});

test("C3: one signer too few, a repeated one, a stranger or a bad signature spoils all of it", (t) => {
  const committee = committeeOf(4, 0);
  const good = [0, 1, 2].map(signedBy);
  t.false(signaturesHold(committee, message, good.slice(1), 3));
  t.false(signaturesHold(committee, message, [signedBy(0), signedBy(1), signedBy(1)], 3));
  t.false(signaturesHold(committee, message, [...good, signedBy(1)], 3));
  t.false(signaturesHold(committee, message, [...good, signedBy(4)], 3));
  t.false(signaturesHold(committee, message, [...good, { ...signedBy(3), signature: signedBy(0).signature }], 3));
  t.false(signaturesHold(committee, new TextEncoder().encode("other bytes"), good, 3));
});

const values: fc.Arbitrary<CborValue> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 70 }),
  fc.array(fc.oneof(fc.nat(), fc.uint8Array({ minLength: 64, maxLength: 64 })), { maxLength: 4 }),
);
const readers = [
  (value: CborValue) => asList(value, "it", 3),
  (value: CborValue) => asNatural(value, "it"),
  (value: CborValue) => asBytes(value, "it", 32),
  (value: CborValue) => asText(value, "it", 5),
  (value: CborValue) => asHash(value, "it"),
  (value: CborValue) => asSignature(value, "it"),
  (value: CborValue) => asGateway(value, "it"),
  (value: CborValue) => asSignatures(value, "it"),
];

test("C4: a reader gives a value within its bounds or throws Malformed, nothing else, whatever it is given", (t) => {
  fc.assert(
    fc.property(values, fc.constantFrom(...readers), (value, reader) => {
      try {
        reader(value);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }),
  );
  t.pass();
});

for (const [what, reader, bad] of [
  ["a list that is too long", (value: CborValue) => asList(value, "it", 2), [1, 2, 3]],
  ["a negative number", (value: CborValue) => asNatural(value, "it"), -1],
  ["a number beyond the safe integers", (value: CborValue) => asNatural(value, "it"), 2 ** 53],
  ["a hash of 31 bytes", (value: CborValue) => asHash(value, "it"), new Uint8Array(31)],
  ["a signature of 63 bytes", (value: CborValue) => asSignature(value, "it"), new Uint8Array(63)],
  ["gateway 500", (value: CborValue) => asGateway(value, "it"), 500],
  ["a text that is too long", (value: CborValue) => asText(value, "it", 2), "abc"],
] as const) {
  test(`C4: ${what} is malformed`, (t) => {
    t.throws(() => reader(bad), { instanceOf: Malformed });
  });
}

test("C5: a broken invariant stops whoever is unsure", (t) => {
  t.throws(() => invariant(false, "unsure"), { name: "InvariantBroken", message: "unsure" });
  t.notThrows(() => invariant(true, "sure"));
  t.throws(() => hashBytes("no hash"), { name: "InvariantBroken" });
  t.is(hashBytes(hash).length, 32);
});

test("C6: a gateway that left keeps its index, but neither signs nor leads, and the quorum is one of those that remain", (t) => {
  const committee = { ...committeeOf(4, 0), voters: [0, 2, 3], quorum: quorumOf(3) };
  t.true(signaturesHold(committee, message, [0, 2].map(signedBy), committee.quorum));
  t.false(signaturesHold(committee, message, [0, 1].map(signedBy), committee.quorum));
  t.deepEqual(
    [0, 1, 2, 3, 4, 5].map((view) => leaderOf(committee, [], view)),
    [0, 2, 3, 0, 2, 3],
  );
});
