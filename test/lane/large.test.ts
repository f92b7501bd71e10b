/** L10: lanes of committees above four and above sixteen. */
import test from "ava";
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import {
  type LaneEffect,
  type LaneInput,
  laneCertificateHolds,
  NO_HASH,
  recoverLanes,
  stepLanes,
} from "../../ledger/lane/index.ts";
import { quorumOf } from "../../ledger/management/index.ts";
import { committeeOf } from "../committee/fake.ts";
import { simulatedSite } from "../sim/site.ts";
import { START_MS, statementOf } from "./gateway.ts";
import { ackBytes, type LaneMessage } from "../../ledger/message/index.ts";

const SIZE = 19;
const MIDDLE = 7;
const everybody = Array.from({ length: SIZE }, (_, index) => index);

function bundleOf(owner: number, number = 0, parent = NO_HASH, size = SIZE): Bundle {
  const { site, signers, keys } = simulatedSite(size);
  const gateway = site.gateways[owner]?.name ?? "";
  const sign = signers[owner];
  if (sign === undefined) throw new Error(`there is no gateway ${owner}`);
  const { site: name, epoch, configHash } = site;
  const header = { site: name, gateway, epoch, configHash, number, parent, first: number, count: 1, created: START_MS };
  return sealBundle(header, [statementOf(number, `item ${number}`)], keys(owner).keyId, sign);
}

const checked = ({ lane, number, hash }: Extract<LaneEffect, { kind: "check" }>): LaneInput => ({
  kind: "checked",
  lane,
  number,
  hash,
  verdict: { kind: "accept" },
});

function driven(self: number, size = SIZE) {
  const committee = committeeOf(size, self);
  let state = recoverLanes(committee, [], new Set(), []);
  let nowMs = START_MS;
  const act = (input: LaneInput): readonly LaneEffect[] => {
    const next = stepLanes(committee, state, input, nowMs);
    state = next.state;
    return next.effects.flatMap((effect) => (effect.kind === "check" ? [effect, ...act(checked(effect))] : [effect]));
  };
  return {
    act,
    lane: (index: number) => state.lanes[index],
    receive: (message: LaneMessage, from: number) => act({ kind: "message", from, message }),
    wait: (ms: number) => {
      nowMs += ms;
      return act({ kind: "wake" });
    },
  };
}

function ack(voter: number, owner: number, { header: { number }, hash }: Bundle, size = SIZE): LaneMessage {
  const committee = committeeOf(size, voter);
  const signature = committee.sign(ackBytes(committee, owner, number, hash));
  return { kind: "ack", ack: { lane: owner, number, hash, voter, signature } };
}

const carry = ({ cose, statements }: Bundle): LaneMessage => ({ kind: "bundle", cose, statements });
const sent = (effects: readonly LaneEffect[], kind: LaneMessage["kind"]) =>
  effects.flatMap((effect) => (effect.kind === "send" && effect.message.kind === kind ? [effect] : []));

/** Gateway 0 has sealed its bundle and sent it to all. */
function owner(size = SIZE) {
  const one = driven(0, size);
  for (const peer of everybody.slice(1, size)) {
    one.act({ kind: "linkUp", peer });
    const held = size === SIZE ? [0] : everybody.slice(0, size).map(() => 0);
    one.receive({ kind: "tips", again: false, held, certificates: [] }, peer);
  }
  const bundle = bundleOf(0, 0, NO_HASH, size);
  const effects = one.act({ kind: "sealed", bundle, lastAtMs: START_MS, writes: [] });
  return { one, bundle, effects };
}

test("L10: an ack goes to the lane's owner alone", (t) => {
  const acks = sent(driven(3).receive(carry(bundleOf(7)), 7), "ack");
  t.deepEqual(
    acks.map(({ to }) => to),
    [7],
  );
});

test("L10: a bundle costs n - 1 copies and n - 1 acks, and its certificate is the owner's to give", (t) => {
  const { one, bundle, effects } = owner();
  t.deepEqual(
    sent(effects, "bundle").map(({ to }) => to),
    [everybody.slice(1)],
  );
  const answers = everybody.slice(1).flatMap((voter) => one.receive(ack(voter, 0, bundle), voter));
  const certified = answers.filter((effect) => effect.kind === "certified");
  t.is(certified.length, 1);
  const [{ certificate } = { certificate: null }] = certified;
  t.true(certificate !== null && laneCertificateHolds(committeeOf(SIZE, 5), certificate));
  t.is(certificate?.acks.length, quorumOf(SIZE) - 1);
  t.deepEqual(
    answers.filter((effect) => effect.kind === "send"),
    [],
    "agreement offers it (A14), the lanes do not spread it",
  );
});

test("L10: above four votes an ack goes to the owner alone, who up to sixteen tells all its certificate: 3 (n - 1) messages", (t) => {
  const { one, bundle, effects } = owner(MIDDLE);
  const peers = everybody.slice(1, MIDDLE);
  t.deepEqual(
    sent(effects, "bundle").map(({ to }) => to),
    [peers],
  );
  const acks = peers.flatMap((voter) => sent(driven(voter, MIDDLE).receive(carry(bundle), 0), "ack"));
  t.deepEqual(
    acks.map(({ to }) => to),
    peers.map(() => 0),
  );
  const told = peers.flatMap((voter) => sent(one.receive(ack(voter, 0, bundle, MIDDLE), voter), "laneCertificate"));
  t.deepEqual(
    told.map(({ to }) => to),
    ["all"],
  );
  const peer = driven(3, MIDDLE);
  peer.receive(carry(bundle), 0);
  const known = told.flatMap(({ message }) => peer.receive(message, 0));
  t.deepEqual(
    known.filter(({ kind }) => kind !== "persist").map(({ kind }) => kind),
    ["certified"],
    "and nobody passes it on",
  );
});

test("L10: whoever holds a bundle vouches for it without a certificate", (t) => {
  const bundle = bundleOf(7);
  const vouched = driven(3)
    .receive(carry(bundle), 7)
    .filter(({ kind }) => kind === "vouched");
  t.deepEqual(vouched, [{ kind: "vouched", lane: 7, number: 0, hash: bundle.hash }]);
});

test("L10: a final cut settles a lane, and the body that is missing is asked of everybody in turn", (t) => {
  const one = driven(3);
  const [first, second] = [bundleOf(7), bundleOf(7, 1, bundleOf(7).hash)];
  one.receive(carry(first), 7);
  const tips = everybody.map((lane) => (lane === 7 ? { number: 1, hash: second.hash } : { number: -1, hash: NO_HASH }));
  one.act({ kind: "final", tips });
  t.deepEqual(one.lane(7)?.settled, { number: 1, hash: second.hash });
  const asked = new Set<unknown>();
  for (let times = 0; times < SIZE; times += 1)
    for (const { to } of sent(one.wait(4_001), "fetchBundles")) asked.add(to);
  t.is(asked.size, SIZE - 1);
  one.receive(carry(second), 12);
  t.is(one.lane(7)?.held, 2);
});

test("L9, L10: a final cut that names another bundle than the one held sends the lane back", (t) => {
  const one = driven(3);
  one.receive(carry(bundleOf(7)), 7);
  const tips = everybody.map((lane) => ({ number: lane === 7 ? 0 : -1, hash: lane === 7 ? "ab".repeat(32) : NO_HASH }));
  const kinds = one.act({ kind: "final", tips }).map(({ kind }) => kind);
  t.true(kinds.includes("rewind") && kinds.includes("disowned"));
  t.true(one.lane(7)?.silent);
});

test("L2, L10: a final own bundle that is not on this disk stops the gateway", (t) => {
  const tips = everybody.map((lane) => ({ number: lane === 3 ? 0 : -1, hash: "ab".repeat(32) }));
  t.throws(() => driven(3).act({ kind: "final", tips }), { name: "InvariantBroken" });
});

test("L7, L10: only the owner speaks up about a lane without a certificate, to those whose ack is missing", (t) => {
  const { one, bundle } = owner();
  for (const voter of [1, 2, 3]) one.receive(ack(voter, 0, bundle), voter);
  t.deepEqual(
    sent(one.wait(501), "tips").map(({ to }) => to),
    everybody.slice(4),
  );
  const copy = driven(5);
  copy.receive(carry(bundle), 0);
  t.deepEqual(sent(copy.wait(5_000), "tips"), []);
  const answers = copy.receive({ kind: "tips", again: true, held: [0], certificates: [] }, 0);
  t.deepEqual(
    answers.flatMap((effect) => (effect.kind === "send" ? [effect.message.kind] : [])),
    ["tips", "ack"],
  );
});

test("L7, L10: tips speak of two lanes whatever the size of the site", (t) => {
  const [tips] = sent(driven(3).act({ kind: "linkUp", peer: 4 }), "tips");
  t.deepEqual(tips?.message, { kind: "tips", again: true, held: [0], certificates: [] });
  const wrong = driven(3).receive({ kind: "tips", again: true, held: everybody, certificates: [] }, 4);
  t.deepEqual(
    wrong.map(({ kind }) => kind),
    ["reject"],
  );
});
