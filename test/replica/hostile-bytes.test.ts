/** R6, C4: any byte string from a peer yields a verdict, and so does everything that is nearly a message, whoever signed it. */
import test from "ava";
import fc from "fast-check";
import { sealBundle } from "../../ledger/bundle/index.ts";
import { type CborValue, decode, encode } from "../../ledger/cbor/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";
import { type AnyMessage, openMessage, sealMessage } from "../../ledger/replica/wire.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import { ackOf, voteOf } from "../sim/attackers/speech.ts";
import { mangled } from "../sim/attackers/fuzzer.ts";
import { seeded } from "../sim/random.ts";
import { committeeOf } from "../committee/fake.ts";
import { evidenceLetters } from "../evidence/letters.ts";
import { statementOf } from "../lane/gateway.ts";
import { simulatedSite } from "../sim/site.ts";
import { draft, pass, settled, start, START_MS, type Watched } from "./site.ts";
import {
  type Block,
  blockHash,
  type LaneMessage,
  type Message,
  type Proposal,
  proposalBytes,
  type Vote,
} from "../../ledger/message/index.ts";

const SIZE = 4;
const VICTIM = 0;
const LIAR = 3;

type Letter = { readonly from: number; readonly bytes: Uint8Array };

/** What the victim heard while a site ordered some statements, restarted links and fetched what it had missed. */
const heard: readonly Letter[] = [
  ...(await recorded()),
  // What only comes where somebody lies.
  ...evidenceLetters().map((bytes) => ({ from: LIAR, bytes })),
];
const kindOf = (bytes: Uint8Array) => {
  const opened = openMessage(bytes);
  return opened.kind === "accept" ? opened.opened.message.kind : "none";
};

async function recorded(): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  const all: Watched[] = [];
  for (let self = 0; self < SIZE; self += 1) {
    const send = (to: number, bytes: Uint8Array) => {
      if (to === VICTIM) letters.push({ from: self, bytes });
      setImmediate(() => all[to]?.replica.receive(self, bytes));
    };
    all.push(await start(SIZE, self, openMemoryStore({ lanes: SIZE }), { send }));
  }
  const link = () => {
    for (const [self, { replica }] of all.entries())
      for (const peer of all.keys()) if (peer !== self) replica.linkUp(peer);
  };
  link();
  for (const item of ["one", "two", "three"]) {
    for (const owner of [1, 2, 3]) all[owner]?.replica.accept(draft(`${item} of ${owner}`)).catch(() => undefined);
    await pass(all, 200);
  }
  // It lost everything and asks again: the answers are the messages of repair.
  const lost = await start(SIZE, VICTIM, openMemoryStore({ lanes: SIZE }), {
    send: (to, bytes) => void setImmediate(() => all[to]?.replica.receive(VICTIM, bytes)),
  });
  all[VICTIM] = lost;
  link();
  await pass(all, 2000);
  return letters;
}

/** A gateway in the middle of things, and nothing signed by it. */
async function victim(): Promise<Watched> {
  const watched = await start(SIZE, VICTIM, openMemoryStore({ lanes: SIZE }));
  for (const { from, bytes } of heard.slice(0, 60)) watched.replica.receive(from, bytes);
  await settled();
  return watched;
}

/** What it knows of the honest ones' lanes and of finality, after all that they say. */
async function known(letters: readonly Letter[]): Promise<readonly number[]> {
  const watched = await victim();
  for (const { from, bytes } of letters) watched.replica.receive(from, bytes);
  await watched.wait(700);
  for (const { from, bytes } of heard) if (from !== LIAR) watched.replica.receive(from, bytes);
  await watched.wait(700);
  if (watched.halts[0] !== undefined) throw watched.halts[0];
  const { lanes, finalizedView } = watched.replica.status();
  return [finalizedView, ...lanes.slice(1, LIAR).flatMap(({ held, certified }) => [held, certified])];
}

const undisturbed = await known([]);

/** It takes them all without halting, and goes on hearing the others. */
async function survives(letters: readonly Letter[]): Promise<void> {
  const after = await known(letters);
  const isDeaf = undisturbed.some((count, at) => (after[at] ?? 0) < count);
  if (isDeaf) throw new Error(`it knows ${after.join()} instead of ${undisturbed.join()}`);
}

/** The same every time; more of them, and others, were run by hand. */
const runs = { numRuns: 40, seed: 2026 };

test("the recording holds every kind of message that gateways send each other", (t) => {
  const kinds = new Set(heard.map(({ bytes }) => kindOf(bytes)));
  for (const kind of [
    "bundle",
    "ack",
    "laneCertificate",
    "tips",
    "propose",
    "vote",
    "certificate",
    "cosignature",
    "evidence",
  ])
    t.true(kinds.has(kind as never), kind);
  t.true(kinds.has("finalized") || kinds.has("block"));
});

test("R6: any byte string yields a verdict", (t) => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 1000, maxLength: 5000 }));
  t.notThrows(() =>
    fc.assert(
      fc.property(bytes, (some) => {
        t.true(["accept", "reject"].includes(openMessage(some).kind));
      }),
      { numRuns: 1000, seed: 2026 },
    ),
  );
});

test("R6: a true message that was cut, flipped, stretched or taken apart yields a verdict", (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.constantFrom(...heard), fc.integer(), ({ bytes }, seed) => {
        t.true(["accept", "reject"].includes(openMessage(mangled(seeded(seed), bytes)).kind));
      }),
      { numRuns: 3000, seed: 2026 },
    ),
  );
});

test("R6: nesting, lengths and sizes that lie cost a verdict and nothing else", (t) => {
  const heads = [0x81, 0x9f, 0xa1, 0xbf, 0xc4, 0xd2, 0x5f, 0x7f, 0xd8];
  for (const head of heads)
    for (const depth of [1, 17, 5000, 2 ** 20 - 1, 2 ** 20])
      t.is(openMessage(new Uint8Array(depth + 1).fill(head, 0, depth)).kind, "reject");
  for (const head of [0x40, 0x60, 0x80, 0xa0])
    t.is(openMessage(Uint8Array.from([0x82, head | 0x1b, ...Array.from({ length: 8 }, () => 255)])).kind, "reject");
});

// --- values of a message changed, one or several, for others that the format can express ------------------------------------

const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constantFrom<CborValue>(0, -1, 1, 499, 500, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null, true),
  fc.constantFrom<CborValue>("", "vote", "nullify", "notarize", "finalize", "é".repeat(600), "x".repeat(100_000)),
  fc.uint8Array({ maxLength: 70 }),
  fc.constantFrom(new Uint8Array(32), new Uint8Array(64), new Uint8Array(80), new Uint8Array(20_000)),
  fc.constantFrom<CborValue>(
    [],
    [[]],
    new Map(),
    Array.from({ length: 501 }, () => 0),
  ),
  fc.integer(),
);
/** Where: a child at each level, as far as there are any. What: a value, or a twist of what is there. */
const change = fc.record({
  path: fc.array(fc.nat(), { maxLength: 7 }),
  twist: fc.constantFrom("replace", "drop", "double", "reverse", "nudge", "swap"),
  value: leaf,
});
type Change = { readonly path: readonly number[]; readonly twist: string; readonly value: CborValue };

function changed(value: CborValue, { path, ...rest }: Change): CborValue {
  const [first, ...deeper] = path;
  if (Array.isArray(value) && value.length > 0 && first !== undefined) {
    const at = first % value.length;
    return value.map((item: CborValue, index) => (index === at ? changed(item, { path: deeper, ...rest }) : item));
  }
  return twisted(value, rest);
}

function twisted(value: CborValue, { twist, value: other }: Omit<Change, "path">): CborValue {
  if (twist === "nudge" && typeof value === "number") return Math.min(value + 1, Number.MAX_SAFE_INTEGER);
  if (twist === "nudge" && value instanceof Uint8Array) return value.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
  if (!Array.isArray(value)) return other;
  const items: readonly CborValue[] = value;
  switch (twist) {
    case "drop":
      return items.slice(1);
    case "double":
      return [...items, ...items];
    case "reverse":
      return items.toReversed();
    case "swap":
      return [...items.slice(0, -1), other];
    default:
      return other;
  }
}

const nearlyTrue: fc.Arbitrary<Letter> = fc
  .tuple(fc.constantFrom(...heard), fc.array(change, { minLength: 1, maxLength: 3 }), fc.constantFrom(1, 2, LIAR))
  .map(([{ bytes }, changes, from]) => {
    const decoded = decode(bytes);
    if (decoded.kind === "reject") throw new Error("a recorded message does not decode");
    return { from, bytes: encode(changes.reduce(changed, decoded.value)) };
  });

test("R6, R7: no message that is nearly true halts a gateway, or makes it deaf to the others", async (t) => {
  await t.notThrowsAsync(
    fc.assert(fc.asyncProperty(fc.array(nearlyTrue, { minLength: 20, maxLength: 40 }), survives), runs),
  );
});

// --- what a member of the committee can sign ----------------------------------------------------------------------------------

const liar = committeeOf(SIZE, LIAR);
const natural = fc.oneof(
  fc.nat({ max: 12 }),
  fc.nat({ max: 200 }),
  fc.constantFrom(2 ** 40, Number.MAX_SAFE_INTEGER - 1),
);
const gatewayIndex = fc.oneof(fc.nat({ max: SIZE }), fc.constant(499));
const knownHash = fc.constantFrom(...heard.flatMap(({ bytes }) => hashesIn(bytes)));
const hash = fc.oneof(knownHash, fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex));
const view = natural.map((at) => at + 1);
const vote = fc.oneof<fc.Arbitrary<Vote>[]>(
  fc.record({ kind: fc.constant("notarize" as const), view, hash }),
  fc.record({ kind: fc.constant("nullify" as const), view }),
  fc.record({ kind: fc.constant("finalize" as const), view, hash }),
);
const signatures = fc.array(fc.record({ voter: gatewayIndex, signature: fc.constant(new Uint8Array(64)) }), {
  maxLength: 5,
});
const certificate = fc.record({ vote, signatures });
const laneCertificate = fc.record({ lane: gatewayIndex, number: natural, hash, acks: signatures });
/** True blocks in which any of these is another. */
const blocks = heard.flatMap(({ bytes }) => {
  const opened = openMessage(bytes);
  return opened.kind === "accept" && opened.opened.message.kind === "propose"
    ? [opened.opened.message.proposal.block]
    : [];
});
const block: fc.Arbitrary<Block> = fc
  .tuple(
    fc.constantFrom(...blocks),
    fc.record(
      {
        view,
        parent: hash,
        tips: fc.array(fc.record({ number: natural.map((number) => number - 1), hash }), { maxLength: 6 }),
        configHash: fc.constantFrom(liar.configHash, "0".repeat(64)),
        seed: hash,
        reveal: fc.option(fc.constant(new Uint8Array(80))),
        checkpoint: fc.option(fc.record({ size: natural, root: hash })),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([one, other]) => ({ ...one, ...other }));
const proposal: fc.Arbitrary<Proposal> = fc
  .record({
    block,
    parent: fc.option(certificate),
    nullifications: fc.array(certificate, { maxLength: 3 }),
    laneCertificates: fc.array(laneCertificate, { maxLength: 5 }),
  })
  .map((proposed) => ({
    ...proposed,
    signature: liar.sign(proposalBytes(liar, proposed.block.view, blockHash(proposed.block))),
  }));
const bundle = fc
  .record({ number: natural, parent: hash, first: natural, created: natural, body: fc.uint8Array({ maxLength: 40 }) })
  .map(({ number, parent, first, created, body }) => {
    const { site, epoch, configHash, names, self } = liar;
    const start = Math.max(first, number) * Math.sign(number);
    const statement = body.length > 20 ? body : statementOf(start, `item ${number}`, START_MS + (created % 5));
    const [gateway, keyId] = [names[self] as string, simulatedSite(SIZE).keys(self).keyId];
    const above = number === 0 ? "0".repeat(64) : parent.replace(/^0{64}$/, "1".repeat(64));
    const header = { site, gateway, epoch, configHash, number, parent: above, first: start, count: 1 };
    const sealed = sealBundle({ ...header, created: START_MS + (created % 10) }, [statement], keyId, liar.sign);
    return { cose: sealed.cose, statements: sealed.statements };
  });

const inAgreement = (message: fc.Arbitrary<Message>): fc.Arbitrary<AnyMessage> =>
  message.map((one) => ({ layer: "agreement", message: one }));
const inLanes = (message: fc.Arbitrary<LaneMessage>): fc.Arbitrary<AnyMessage> =>
  message.map((one) => ({ layer: "lane", message: one }));
const named = <K extends string>(kind: K) => fc.constant(kind);
const signedByLiar: fc.Arbitrary<Letter> = fc
  .oneof(
    inAgreement(vote.map((one) => ({ kind: "vote", vote: voteOf(liar, one) }))),
    inAgreement(fc.record({ kind: named("propose"), proposal })),
    inAgreement(fc.record({ kind: named("certificate"), certificate })),
    inAgreement(fc.record({ kind: named("block"), block })),
    inAgreement(fc.record({ kind: named("fetch"), after: natural })),
    inAgreement(
      fc.record({ kind: named("finalized"), blocks: fc.array(block, { maxLength: 3 }), finalization: certificate }),
    ),
    inLanes(bundle.map((body) => ({ kind: "bundle", ...body }))),
    inLanes(
      fc
        .tuple(gatewayIndex, natural, hash)
        .map(([lane, number, of]) => ({ kind: "ack", ack: ackOf(liar, lane, number, of) })),
    ),
    inLanes(fc.record({ kind: named("laneCertificate"), certificate: laneCertificate })),
    inLanes(
      fc.record({
        kind: named("tips"),
        again: fc.boolean(),
        held: fc.array(natural, { minLength: SIZE, maxLength: SIZE }),
        certificates: fc.array(laneCertificate, { maxLength: 5 }),
      }),
    ),
    inLanes(fc.record({ kind: named("fetchBundles"), lane: gatewayIndex, from: natural, count: natural })),
    inLanes(fc.record({ kind: named("bundles"), lane: gatewayIndex, from: natural, packed: fc.uint8Array() })),
    inLanes(fc.record({ kind: named("refusal"), lane: gatewayIndex, number: natural, hash, reason: fc.string() })),
  )
  .map((message) => ({ from: LIAR, bytes: sealMessage(message) }));

/** Every hash that the recorded messages hold: of blocks, bundles, parents. */
function hashesIn(bytes: Uint8Array): readonly string[] {
  const found: string[] = [];
  const look = (value: CborValue): void => {
    if (Array.isArray(value)) for (const item of value as readonly CborValue[]) look(item);
    else if (value instanceof Uint8Array && value.length === 32) found.push(toHex(value));
  };
  const decoded = decode(bytes);
  if (decoded.kind === "accept") look(decoded.value);
  return found;
}

test("R6, R7: whatever one member of the committee signs, it halts nobody and makes nobody deaf", async (t) => {
  await t.notThrowsAsync(
    fc.assert(fc.asyncProperty(fc.array(signedByLiar, { minLength: 20, maxLength: 60 }), survives), runs),
  );
});
