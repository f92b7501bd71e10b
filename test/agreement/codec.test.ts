import test from "ava";
import fc from "fast-check";
import { type CborValue, encode } from "../../ledger/cbor/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";
import {
  type AnyMessage,
  type CheckpointMessage,
  type ManagementMessage,
  openMessage,
  sealMessage,
} from "../../ledger/replica/wire.ts";
import { blockOn, genesis, propose, voteBy } from "./gateway.ts";
import {
  type Block,
  blockHash,
  type Certificate,
  type LaneCertificate,
  type LaneMessage,
  type Message,
  type Vote,
} from "../../ledger/message/index.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
const number = fc.nat();
const gatewayIndex = fc.nat({ max: 499 });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });
const signed = fc.record({ voter: gatewayIndex, signature });
const view = fc.integer({ min: 1, max: 2 ** 48 });
const vote: fc.Arbitrary<Vote> = fc.oneof(
  fc.record({ kind: fc.constant("notarize" as const), view, hash }),
  fc.record({ kind: fc.constant("nullify" as const), view }),
  fc.record({ kind: fc.constant("finalize" as const), view, hash }),
);
const certificate: fc.Arbitrary<Certificate> = fc.record({ vote, signatures: list(signed) });
const laneCertificate: fc.Arbitrary<LaneCertificate> = fc.record({
  lane: gatewayIndex,
  number,
  hash,
  acks: list(signed),
});
const tip = fc.record({ number: fc.integer({ min: -1, max: 2 ** 48 }), hash });
const block: fc.Arbitrary<Block> = fc.record({
  view: number,
  parent: hash,
  tips: list(tip),
  configHash: hash,
  seed: hash,
  reveal: fc.option(fc.uint8Array({ minLength: 80, maxLength: 80 })),
  checkpoint: fc.option(fc.record({ size: number, root: hash })),
  next: fc.option(hash),
});
const proposal = fc.record({
  block,
  parent: fc.option(certificate),
  nullifications: list(certificate),
  laneCertificates: list(laneCertificate),
  signature,
});

const agreementMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant("propose" as const), proposal }),
  fc.record({ kind: fc.constant("vote" as const), vote: fc.record({ vote, voter: gatewayIndex, signature }) }),
  fc.record({ kind: fc.constant("certificate" as const), certificate }),
  fc.record({ kind: fc.constant("fetch" as const), after: number }),
  fc.record({ kind: fc.constant("block" as const), block }),
  fc.record({ kind: fc.constant("finalized" as const), blocks: list(block), finalization: certificate }),
);
const text = fc.string({ unit: "grapheme", maxLength: 80 });
const bytes = fc.uint8Array({ maxLength: 300 });
const laneMessage: fc.Arbitrary<LaneMessage> = fc.oneof(
  fc.record({ kind: fc.constant("bundle" as const), cose: bytes, statements: list(bytes) }),
  fc.record({
    kind: fc.constant("ack" as const),
    ack: fc.record({ lane: gatewayIndex, number, hash, voter: gatewayIndex, signature }),
  }),
  fc.record({ kind: fc.constant("laneCertificate" as const), certificate: laneCertificate }),
  fc.record({
    kind: fc.constant("tips" as const),
    again: fc.boolean(),
    held: list(number),
    certificates: list(laneCertificate),
  }),
  fc.record({ kind: fc.constant("fetchBundles" as const), lane: gatewayIndex, from: number, count: number }),
  fc.record({
    kind: fc.constant("bundles" as const),
    lane: gatewayIndex,
    from: number,
    packed: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({ kind: fc.constant("refusal" as const), lane: gatewayIndex, number, hash, reason: text }),
);
const checkpointMessage: fc.Arbitrary<CheckpointMessage> = fc.oneof(
  fc.record({ kind: fc.constant("cosignature" as const), size: number, note: text }),
  fc.record({ kind: fc.constant("checkpoint" as const), note: text }),
  fc.record({ kind: fc.constant("anchor" as const), ledger: text, note: text }),
);
const managementMessage: fc.Arbitrary<ManagementMessage> = fc.oneof(
  fc.record({ kind: fc.constant("approval" as const), hash, signature }),
  fc.record({ kind: fc.constant("successorRequest" as const), hash }),
  fc.record({ kind: fc.constant("successor" as const), document: fc.uint8Array({ maxLength: 100 }) }),
  fc.record({ kind: fc.constant("epoch" as const) }),
);
const sealed = (message: Message): Uint8Array => sealMessage({ layer: "agreement", message });
const anyMessage: fc.Arbitrary<AnyMessage> = fc.oneof(
  laneMessage.map((message) => ({ layer: "lane" as const, message })),
  agreementMessage.map((message) => ({ layer: "agreement" as const, message })),
  checkpointMessage.map((message) => ({ layer: "checkpoint" as const, message })),
  managementMessage.map((message) => ({ layer: "management" as const, message })),
);

test("A1: every message of lanes, agreement and checkpoints decodes to what was encoded", (t) => {
  fc.assert(
    fc.property(anyMessage, number, (message, epoch) => {
      const opened = openMessage(sealMessage(message, epoch));
      if (opened.kind === "reject") throw new Error(opened.reason);
      t.deepEqual(opened, { kind: "accept", epoch, opened: message });
    }),
    { numRuns: 300 },
  );
});

test("A1: the hash of a block covers view, parent, every tip, configuration and checkpoint", (t) => {
  const base = blockOn(genesis, 7, { 1: 3 });
  const [first] = base.tips;
  if (first === undefined) return t.fail();
  const changed: readonly Block[] = [
    { ...base, view: 8 },
    { ...base, parent: base.configHash },
    { ...base, configHash: base.parent },
    { ...base, tips: base.tips.with(0, { ...first, number: 0 }) },
    { ...base, tips: base.tips.with(0, { ...first, hash: base.parent }) },
    { ...base, tips: base.tips.slice(1) },
    { ...base, checkpoint: { size: 0, root: base.parent } },
    { ...base, next: base.parent },
    { ...base, next: base.configHash },
  ];
  t.is(new Set([base, ...changed].map(blockHash)).size, changed.length + 1);
});

/** Any CBOR value of the profile, so that hostile input gets past the first reader. */
const { value: hostile } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.constantFrom<CborValue>(null, true, "nullify", "notarize", "finalize", -1, 0, 2 ** 53 - 1),
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    signature,
    fc.array(tie("value"), { maxLength: 6 }),
  ),
}));
const kinds = [
  "bundle",
  "ack",
  "laneCertificate",
  "tips",
  "fetchBundles",
  "bundles",
  "refusal",
  "propose",
  "vote",
  "certificate",
  "fetch",
  "block",
  "finalized",
  "cosignature",
  "checkpoint",
  "anchor",
  "approval",
  "successorRequest",
  "successor",
  "?",
];

test("A1, R6: any byte string gets a verdict and nothing is thrown", (t) => {
  const verdictOf = (input: Uint8Array) => {
    const opened = openMessage(input);
    if (opened.kind === "reject" && opened.reason.length === 0) throw new Error("no reason");
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), verdictOf), { numRuns: 500 });
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.array(hostile, { maxLength: 6 }), (kind, fields) =>
      verdictOf(encode([0, kind, ...fields])),
    ),
    { numRuns: 1000 },
  );
  t.pass();
});

test("A1, R6: a message with any bit flipped, or cut short, gets a verdict; the whole one is accepted afterwards", (t) => {
  const whole = sealed(propose(blockOn(genesis, 1, { 1: 0 })));
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
      openMessage(whole.subarray(0, at));
      openMessage(whole.with(at, (whole[at] ?? 0) ^ (1 << bit)));
      return openMessage(whole).kind === "accept";
    }),
  );
  t.pass();
});

for (const [what, message] of [
  ["a vote in view 0", ["vote", "nullify", 0, null, 1, new Uint8Array(64)]],
  ["a Nullify that names a block", ["vote", "nullify", 1, new Uint8Array(32), 1, new Uint8Array(64)]],
  ["a Notarize that names none", ["vote", "notarize", 1, null, 1, new Uint8Array(64)]],
  ["a vote of another kind", ["vote", "propose", 1, new Uint8Array(32), 1, new Uint8Array(64)]],
  ["a Fetch from a negative view", ["fetch", -1]],
  ["a block of four fields", ["block", [1, new Uint8Array(32), [], new Uint8Array(32)]]],
  ["more blocks than one message may hold", ["finalized", Array.from({ length: 257 }, () => []), []]],
] as const) {
  test(`A1: ${what} is refused, and a good message after it is not`, (t) => {
    t.is(openMessage(encode([0, ...(message as readonly CborValue[])])).kind, "reject");
    t.is(openMessage(sealed(voteBy(1, { kind: "nullify", view: 1 }))).kind, "accept");
  });
}
