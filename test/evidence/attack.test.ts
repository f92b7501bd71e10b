/** E6 from the other side: somebody wants an honest gateway convicted, or a verdict changed. */
import test from "ava";
import fc from "fast-check";
import { type CborValue, decode, encode } from "../../ledger/cbor/index.ts";
import { courtOf, type Fault, type Offence, openEvidence, verifyEvidence } from "../../ledger/evidence/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import {
  ACCUSED,
  ACKER,
  accusedOf,
  ballot,
  bundleOf,
  courtAt,
  falseBundle,
  falsehood,
  fileOf,
  hash,
  NAMES,
  NAMESAKE,
  NEXT,
  note,
  OFFENCES,
  RIVAL,
  shownOf,
  signed,
  SITE,
  statements,
} from "./site.ts";

const FAULTS = Object.keys(OFFENCES) as Fault[];
const isValid = (file: Uint8Array): boolean => verifyEvidence(file, courtAt).kind === "valid";

for (const fault of FAULTS) {
  const { offence } = OFFENCES[fault];
  const file = fileOf(offence);

  test(`E3: no byte of ${fault} can be changed`, (t) => {
    for (const index of file.keys()) {
      const changed = file.slice();
      // Each byte in another bit, so that no bit is favoured.
      changed[index] = (changed[index] ?? 0) ^ (1 << ((index * 5) % 8));
      if (isValid(changed)) return t.fail(`byte ${index} of ${file.length} is not looked at`);
    }
    t.true(isValid(file));
  });

  test(`E3: no byte can be taken from ${fault} or added to it`, (t) => {
    for (let length = 0; length < file.length; length += 1) t.false(isValid(file.subarray(0, length)));
    t.false(isValid(Uint8Array.of(...file, 0)));
  });

  test(`E3: ${fault} is no evidence in another site, in another epoch, or against another gateway`, (t) => {
    const strangers: readonly Site[] = [NAMESAKE, NEXT];
    for (const site of strangers) {
      t.like(
        verifyEvidence(file, () => courtOf(site, falsehood)),
        { kind: "invalid", check: "site" },
      );
      // Relabelled, so that it says what the other site would want to hear. A log has no epochs: whoever forks it is guilty in each.
      const relabelled = verifyEvidence(fileOf(offence, accusedOf(fault), site), () => courtOf(site, falsehood));
      t.is(relabelled.kind, fault === "two-logs" && site === NEXT ? "valid" : "invalid");
    }
    for (const name of NAMES) if (name !== accusedOf(fault)) t.false(isValid(fileOf(offence, name)), name);
    t.like(verifyEvidence(fileOf(offence, "nobody"), courtAt), { kind: "invalid", check: "gateway" });
    t.like(
      verifyEvidence(file, () => null),
      { kind: "invalid", check: "site" },
    );
  });

  test(`E3: no member of ${fault} can be exchanged, left out or added`, (t) => {
    const decoded = decode(file);
    if (decoded.kind === "reject" || !(decoded.value instanceof Map)) return t.fail();
    const members = decoded.value as ReadonlyMap<string, CborValue>;
    const others: Readonly<Record<string, readonly CborValue[]>> = {
      format: ["tallystick-evidence/v2", "tallystick-receipt/v1"],
      site: ["harbor", ""],
      epoch: [0, SITE.epoch + 1],
      configHash: [new Uint8Array(32), NEXT.configHash],
      gateway: NAMES.filter((name) => name !== accusedOf(fault)),
      fault: [...FAULTS.filter((other) => other !== fault), "two-lies"],
      proof: [null, [], ...mutations(members.get("proof") as CborValue)],
    };
    for (const name of members.keys()) {
      for (const value of others[name] ?? []) t.false(isValid(encode(new Map(members).set(name, value))), name);
      const less = new Map(members);
      less.delete(name);
      t.false(isValid(encode(less)), `without ${name}`);
    }
    t.false(isValid(encode(new Map(members).set("remark", "guilty"))));
  });
}

/** The proof with one of its values, at any depth, exchanged, doubled, swapped or left out. */
function mutations(value: CborValue): readonly CborValue[] {
  if (typeof value === "number") return [value + 1, value + 100];
  if (value instanceof Uint8Array) return [new Uint8Array(value.length), value.slice(1)];
  if (typeof value === "string") return [`${value}x`, ""];
  if (!Array.isArray(value)) return [0];
  const list: readonly CborValue[] = value;
  return list.flatMap((item, index) => [
    list.toSpliced(index, 1),
    list.toSpliced(index, 0, item),
    ...mutations(item).map((other) => list.with(index, other)),
    ...(index + 1 < list.length ? [list.with(index, list[index + 1] ?? null).with(index + 1, item)] : []),
  ]);
}

/** Two halves that a gateway signed in two epochs, or two sites of the same keys, where each is rightly another. */
for (const [where, site] of [
  ["the next epoch", NEXT],
  ["another site", NAMESAKE],
  ["another configuration of it", RIVAL],
] as const) {
  test(`E6: words of this epoch and of ${where} do not contradict each other, however they are put together`, (t) => {
    const lane = NAMES.indexOf(ACCUSED);
    const mixed: readonly Offence[] = [
      { kind: "two-votes", view: 5, votes: [ballot("notarize", 5, "a"), ballot("notarize", 5, "b", site)] },
      { kind: "two-votes", view: 5, votes: [ballot("nullify", 5, "", site), ballot("finalize", 5, "b")] },
      {
        kind: "two-proposals",
        view: 5,
        proposals: [
          { hash: hash("a"), signature: signed(ACCUSED, "propose", [5], hash("a")) },
          { hash: hash("b"), signature: signed(ACCUSED, "propose", [5], hash("b"), site) },
        ],
      },
      {
        kind: "two-acks",
        lane,
        number: 5,
        acks: [
          { hash: hash("a"), signature: signed(ACKER, "ack", [lane, 5], hash("a")) },
          { hash: hash("b"), signature: signed(ACKER, "ack", [lane, 5], hash("b"), site) },
        ],
      },
      { kind: "two-bundles", bundles: [bundleOf(statements(1)).cose, bundleOf(statements(2), { site }).cose] },
      {
        kind: "false-ack",
        signature: signed(ACKER, "ack", [lane, 7], falseBundle.hash, site),
        shown: shownOf(falseBundle),
      },
    ];
    for (const offence of mixed) {
      for (const label of [SITE, site]) {
        const file = fileOf(offence, accusedOf(offence.kind), label);
        const courts = [courtOf(SITE, falsehood), courtOf(site, falsehood)];
        for (const court of courts) t.is(verifyEvidence(file, () => court).kind, "invalid", offence.kind);
      }
    }
  });
}

test("E3: a log of another name, and a note that others signed, too, are no evidence", (t) => {
  const logs = (change: Parameters<typeof note>[4]): Offence => ({
    kind: "two-logs",
    notes: [note(ACCUSED, 40, "one", 1000), note(ACCUSED, 40, "other", 2000, change)],
  });
  t.true(isValid(fileOf(logs({}))));
  t.like(verifyEvidence(fileOf(logs({ origin: "tallystick/harbor" })), courtAt), { check: "site" });
  // A second line would be anybody's to change.
  t.like(verifyEvidence(fileOf(logs({ besides: ["east"] })), courtAt), { check: "signatures" });
});

test("E3: a bundle in another gateway's name is not held against its signer as a bundle of its lane", (t) => {
  const own = bundleOf(statements(1));
  const alien = bundleOf(statements(2), { gateway: "east", signer: ACCUSED });
  t.like(verifyEvidence(fileOf({ kind: "two-bundles", bundles: [own.cose, alien.cose] }), courtAt), { check: "site" });
});

test("E5, E6: a parent of the epoch before is no parent to hold a bundle against", (t) => {
  const parent = bundleOf(statements(2));
  const child = bundleOf(statements(1, 9), { number: 1, first: 9, parent: parent.hash, site: NEXT });
  const shown = [parent, child].map(({ cose }) => ({ cose, statements: [] }));
  t.like(verifyEvidence(fileOf({ kind: "false-bundle", shown }, ACCUSED, NEXT), courtAt), {
    kind: "invalid",
    check: "site",
  });
});

/** Everything that one honest gateway signs: one word a topic, in several views, numbers, epochs and at several times. */
const honest = {
  ballots: [SITE, NEXT].flatMap((site) =>
    [1, 2, 3].flatMap((view) => [
      { view, site, vote: ballot("notarize", view, `block ${view} of ${site.epoch}`, site) },
      view === 2
        ? { view, site, vote: ballot("nullify", view, "", site) }
        : { view, site, vote: ballot("finalize", view, `block ${view} of ${site.epoch}`, site) },
    ]),
  ),
  hashes: [1, 2].flatMap((number) =>
    (["propose", "ack", "notarize", "finalize"] as const).map((kind) => {
      const value = hash(`${kind} ${number}`);
      const numbers = kind === "ack" ? [NAMES.indexOf("north"), number] : [number];
      return { hash: value, signature: signed(ACCUSED, kind, numbers, value) };
    }),
  ),
  bundles: lane(),
  notes: [1, 2].flatMap((size) => [1000, 2000].map((time) => note(ACCUSED, size, `log ${size}`, time))),
};

function lane() {
  const first = bundleOf(statements(3));
  const second = bundleOf(statements(2, 3), { number: 1, first: 3, parent: first.hash });
  return [first, second, bundleOf(statements(1, 5), { number: 2, first: 5, parent: second.hash })];
}

test("E6: nothing that an honest gateway signed can be put together to evidence against it", (t) => {
  const pick = <T>(items: readonly T[]) => fc.constantFrom(...items);
  const pairOf = <T>(items: readonly T[]) => fc.tuple(pick(items), pick(items));
  const view = fc.integer({ min: 0, max: 4 });
  const shown = pick(honest.bundles).chain((bundle) =>
    fc.subarray([...bundle.statements.keys()], { maxLength: Math.min(2, bundle.statements.length) }).map((indices) => ({
      cose: bundle.cose,
      statements: indices.map((index) => {
        const all = shownIn(bundle.statements);
        return all[index] as (typeof all)[number];
      }),
    })),
  );
  const someShown = fc.array(shown, { minLength: 1, maxLength: 2 });
  const offence: fc.Arbitrary<Offence> = fc.oneof(
    fc.record({ kind: fc.constant("two-votes" as const), view, votes: pairOf(honest.ballots.map(({ vote }) => vote)) }),
    fc.record({ kind: fc.constant("two-proposals" as const), view, proposals: pairOf(honest.hashes) }),
    fc.record({ kind: fc.constant("two-acks" as const), lane: view, number: view, acks: pairOf(honest.hashes) }),
    fc.record({ kind: fc.constant("two-bundles" as const), bundles: pairOf(honest.bundles.map(({ cose }) => cose)) }),
    fc.record({ kind: fc.constant("two-logs" as const), notes: pairOf(honest.notes) }),
    fc.record({ kind: fc.constant("false-bundle" as const), shown: someShown }),
    fc.record({
      kind: fc.constant("false-ack" as const),
      signature: pick(honest.hashes.map(({ signature }) => signature)),
      shown: someShown,
    }),
  );
  fc.assert(
    fc.property(offence, pick([SITE, NEXT]), (made, site) => !isValid(fileOf(made, ACCUSED, site))),
    { numRuns: 1000, seed: 1 },
  );
  t.pass();
});

/** Each statement of a bundle with its true path, as a whole other bundle shows them. */
function shownIn(all: readonly Uint8Array[]) {
  return all.map((bytes, index) => {
    const [only] = shownOf(bundleOf(all.toSpliced(index, 1, Uint8Array.of(0))));
    return { index, bytes, path: only?.statements[0]?.path ?? [] };
  });
}

test("E2: no bytes at all make the reader throw, or say guilty", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      openEvidence(bytes);
      return !isValid(bytes);
    }),
    { numRuns: 1000, seed: 2 },
  );
  t.pass();
});
