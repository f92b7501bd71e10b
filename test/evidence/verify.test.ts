import test from "ava";
import {
  courtOf,
  type Fault,
  isEvidence,
  MAX_EVIDENCE_BYTES,
  type Offence,
  openEvidence,
  verifyEvidence,
} from "../../ledger/evidence/index.ts";
import {
  ACCUSED,
  accusedOf,
  ballot,
  bundleOf,
  court,
  courtAt,
  falseBundle,
  falsehood,
  fileOf,
  hash,
  NAMES,
  note,
  OFFENCES,
  shownOf,
  signed,
  SITE,
  statement,
  statements,
} from "./site.ts";
import { START_MS } from "../vectors/site.ts";

const FAULTS = Object.keys(OFFENCES) as Fault[];

function verdictOn(offence: Offence): string {
  const verified = verifyEvidence(fileOf(offence), courtAt);
  return verified.kind === "valid" ? `${verified.gateway} ${verified.deed}` : `${verified.check}: ${verified.reason}`;
}

for (const fault of FAULTS) {
  const { offence, deed } = OFFENCES[fault];

  test(`E1, E3: ${fault} is proven to somebody who has the site's configuration alone`, (t) => {
    const verified = verifyEvidence(fileOf(offence), courtAt);
    t.deepEqual(verified, { kind: "valid", gateway: accusedOf(fault), fault, deed });
  });

  test(`E2: ${fault} has one file, is recognised and read again, and is small`, (t) => {
    const file = fileOf(offence);
    t.true(isEvidence(file));
    t.true(file.length < MAX_EVIDENCE_BYTES);
    const opened = openEvidence(file);
    if (opened.kind === "reject") return t.fail(opened.reason);
    t.deepEqual(fileOf(opened.evidence.offence, opened.evidence.gateway), file);
  });
}

test("E2: whichever half of a pair was seen first, the file is the same", (t) => {
  const { offence } = OFFENCES["two-votes"];
  if (offence.kind !== "two-votes") return t.fail();
  const [first, second] = offence.votes;
  t.deepEqual(fileOf({ ...offence, votes: [second, first] }), fileOf(offence));
});

test("E1: every pair of votes that an honest gateway cannot cast is evidence, and no other pair is", (t) => {
  const votes = [
    ballot("notarize", 5, "a"),
    ballot("notarize", 5, "b"),
    ballot("finalize", 5, "a"),
    ballot("finalize", 5, "b"),
    ballot("nullify", 5, ""),
  ];
  const said = votes.flatMap((first, index) =>
    votes.slice(index).map((second) => {
      const verified = verifyEvidence(fileOf({ kind: "two-votes", view: 5, votes: [first, second] }), courtAt);
      const name = (vote: typeof first) =>
        `${vote.kind} ${vote.hash === null ? "-" : vote.hash === hash("a") ? "a" : "b"}`;
      return verified.kind === "valid" ? [`${name(first)} and ${name(second)}`] : [];
    }),
  );
  t.deepEqual(said.flat(), [
    "notarize a and notarize b",
    "finalize a and finalize b",
    "finalize a and nullify -",
    "finalize b and nullify -",
  ]);
});

test("E1: two votes to finalize, and a final vote beside a nullification, are told apart in words", (t) => {
  t.is(
    verdictOn({ kind: "two-votes", view: 5, votes: [ballot("finalize", 5, "a"), ballot("finalize", 5, "b")] }),
    "south voted to finalize two different blocks in view 5",
  );
  t.is(
    verdictOn({ kind: "two-votes", view: 5, votes: [ballot("nullify", 5, ""), ballot("finalize", 5, "b")] }),
    "south voted both to finalize and to nullify view 5",
  );
});

const lies: readonly { readonly what: string; readonly offence: () => Offence; readonly deed: RegExp }[] = [
  {
    what: "a statement that does not decode",
    offence: () => ofBundle(bundleOf([statement(0), Uint8Array.of(0xa0)])),
    deed: /^south signed bundle 0, in which statement 1 cannot be read: /,
  },
  {
    what: "a statement that is not number first + index",
    offence: () => ofBundle(bundleOf([statement(0), statement(2)])),
    deed: /in which statement 1 says that it is number 2$/,
  },
  {
    what: "a statement younger than its bundle",
    offence: () => ofBundle(bundleOf(statements(2), { created: START_MS })),
    deed: /in which statement 1 is younger than its bundle$/,
  },
  {
    what: "a statement older than the one before it",
    offence: () => ofBundle(bundleOf([statement(0, { at: START_MS + 9 }), statement(1, { at: START_MS + 8 })])),
    deed: /in which statement 1 is older than statement 0$/,
  },
  {
    what: "a statement that is false by the site's rules",
    offence: () => ofBundle(bundleOf([statement(0), statement(1, { grams: 60_001 })])),
    deed: /in which statement 1 is false: the mass is 60001 g$/,
  },
  {
    what: "a bundle whose numbers leave a gap behind its parent's",
    offence: () => {
      const parent = bundleOf(statements(2));
      return ofBundle(bundleOf(statements(1, 3), { number: 1, first: 3, parent: parent.hash }), parent);
    },
    deed: /in which the first statement is 3, but its parent ends with 1$/,
  },
  {
    what: "a bundle that is not numbered one above its parent",
    offence: () => {
      const parent = bundleOf(statements(2));
      return ofBundle(bundleOf(statements(1, 2), { number: 2, first: 2, parent: parent.hash }), parent);
    },
    deed: /in which the parent is bundle 0$/,
  },
  {
    what: "a statement older than its parent's last",
    offence: () => {
      const parent = bundleOf([statement(0), statement(1, { at: START_MS + 500_000 })]);
      return ofBundle(bundleOf([statement(2)], { number: 1, first: 2, parent: parent.hash }), parent);
    },
    deed: /in which statement 2 is older than statement 1$/,
  },
];

function ofBundle(bundle: ReturnType<typeof bundleOf>, parent: ReturnType<typeof bundleOf> | null = null): Offence {
  return { kind: "false-bundle", shown: shownOf(bundle, parent) };
}

for (const { what, offence, deed } of lies) {
  test(`E5: ${what} is proven with what is needed and no more`, (t) => {
    const shown = offence();
    t.regex(verdictOn(shown), deed);
    if (shown.kind === "false-bundle") t.true(shown.shown.flatMap((bundle) => bundle.statements).length <= 2);
  });
}

test("E4: one false statement of a thousand is shown alone, with a path of a few hashes", (t) => {
  const many = [...statements(1000), statement(1000, { grams: 90_000 })];
  const shown = shownOf(bundleOf(many));
  t.deepEqual(
    shown.map((bundle) => bundle.statements.map(({ index, path }) => [index, path.length])),
    [[[1000, 6]]],
  );
  t.regex(verdictOn({ kind: "false-bundle", shown }), /statement 1000 is false/);
  t.true(fileOf({ kind: "false-bundle", shown }).length < 2000);
});

test("E5, E6: a bundle that breaks none of these rules is no evidence, whatever of it is shown", (t) => {
  const parent = bundleOf(statements(3));
  const child = bundleOf(statements(3, 3), { number: 1, first: 3, parent: parent.hash });
  t.throws(() => shownOf(child, parent), { message: /nothing in the bundle is false/ });
  const [shown] = shownOf(falseBundle);
  if (shown === undefined) return t.fail();
  t.is(
    verdictOn({ kind: "false-bundle", shown: [{ cose: child.cose, statements: [] }] }),
    "offence: nothing in what it shows breaks a rule",
  );
  t.is(
    verdictOn({ kind: "false-bundle", shown: [{ cose: falseBundle.cose, statements: [] }] }),
    "offence: nothing in what it shows breaks a rule",
  );
});

test("E4: a statement that is not in the bundle, or not at that place, proves nothing", (t) => {
  const [shown] = shownOf(falseBundle);
  const [one] = shown?.statements ?? [];
  if (shown === undefined || one === undefined) return t.fail();
  for (const changed of [
    { ...one, bytes: statement(10, { grams: 80_000 }) },
    { ...one, index: one.index + 1 },
    { ...one, path: one.path.slice(1) },
    { ...one, path: [] },
  ]) {
    t.regex(
      verdictOn({ kind: "false-bundle", shown: [{ ...shown, statements: [changed] }] }),
      /^signatures: statement \d+ is not in the bundle that it is shown with$/,
    );
  }
});

test("E5: a parent that the bundle does not name proves nothing against it", (t) => {
  const stranger = bundleOf(statements(2));
  const child = bundleOf(statements(1, 9), { number: 1, first: 9, parent: hash("another") });
  const bare = (cose: Uint8Array) => ({ cose, statements: [] });
  t.is(
    verdictOn({ kind: "false-bundle", shown: [bare(stranger.cose), bare(child.cose)] }),
    "offence: the first bundle is not the parent of the second",
  );
});

test("E6: an ack of another bundle, or of one that is not false, proves nothing against the acker", (t) => {
  const lane = NAMES.indexOf(ACCUSED);
  const other = bundleOf([...falseBundle.statements], { number: 7, first: 7, created: START_MS + 2_000_000 });
  const ackOfOther = signed("east", "ack", [lane, 7], other.hash);
  t.regex(verdictOn({ kind: "false-ack", signature: ackOfOther, shown: shownOf(falseBundle) }), /^signatures: /);
  const truth = bundleOf(statements(2));
  const ack = signed("east", "ack", [lane, 0], truth.hash);
  t.is(
    verdictOn({ kind: "false-ack", signature: ack, shown: [{ cose: truth.cose, statements: [] }] }),
    "offence: nothing in the acknowledged bundle breaks a rule",
  );
});

test("E6: the same content under two signatures, the same log cosigned at two times and the same vote twice are no offence", (t) => {
  const again: readonly Offence[] = [
    { kind: "two-logs", notes: [note(ACCUSED, 40, "one", 1000), note(ACCUSED, 40, "one", 2000)] },
    { kind: "two-logs", notes: [note(ACCUSED, 40, "one", 1000), note(ACCUSED, 41, "other", 1000)] },
    { kind: "two-votes", view: 3, votes: [ballot("notarize", 3, "a"), ballot("notarize", 3, "a")] },
    { kind: "two-bundles", bundles: [falseBundle.cose, falseBundle.cose] },
    { kind: "two-bundles", bundles: [falseBundle.cose, bundleOf(statements(1)).cose] },
  ];
  for (const offence of again) t.regex(verdictOn(offence), /^offence: /);
});

test("E6: a bundle signed again with other random bits has other bytes and is no second bundle", (t) => {
  // A court that believes any signature stands for a signer whose signatures are not deterministic.
  const credulous = { ...courtOf(SITE, falsehood), verify: () => true };
  const { cose } = falseBundle;
  const resigned = cose.slice();
  resigned[resigned.length - 1] = (resigned.at(-1) ?? 0) ^ 1;
  const file = fileOf({ kind: "two-bundles", bundles: [cose, resigned] });
  t.deepEqual(
    verifyEvidence(file, () => credulous),
    {
      kind: "invalid",
      check: "offence",
      reason: "the bundles differ in their signatures alone, which is no offence",
    },
  );
});

test("E3: what the accused wrote cannot write on the terminal of whoever verifies", (t) => {
  const rude = { ...court, falsehood: () => "\u001b[2Jit is \u009bfine\u202e" };
  const verified = verifyEvidence(fileOf({ kind: "false-bundle", shown: shownOf(falseBundle) }), () => rude);
  t.is(verified.kind === "valid" && verified.deed, "signed bundle 7, in which statement 10 is false: ?[2Jit is ?fine?");
});
