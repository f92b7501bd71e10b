/** One gateway's lanes, driven input by input, and the bundles, acks and certificates that its peers would send. */
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import {
  endOf,
  type LaneEffect,
  type LaneInput,
  type Lanes,
  NO_HASH,
  recoverLanes,
  stepLanes,
  type Verdict,
} from "../../ledger/lane/index.ts";
import { encodeStatement } from "../../ledger/statement/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Write } from "../../ledger/store/port.ts";
import { committeeOf } from "../committee/fake.ts";
import { simulatedSite } from "../sim/site.ts";
import { type Ack, ackBytes, type LaneCertificate, type LaneMessage } from "../../ledger/message/index.ts";

/** Four gateways: a bundle needs two acks beside its owner. */
export const SIZE = 4;
/** 2026-01-01 */
export const START_MS = 1_767_225_600_000;

export type DrivenLanes = {
  readonly lanes: () => Lanes;
  readonly step: (input: LaneInput) => readonly LaneEffect[];
  readonly receive: (message: LaneMessage, from?: number) => readonly LaneEffect[];
  readonly seal: (bundle: Bundle) => readonly LaneEffect[];
  readonly setClock: (ms: number) => void;
  readonly writes: readonly Write[];
  readonly restarted: () => Promise<DrivenLanes>;
};

/** `judge` answers each `check` at once; null leaves it unanswered. */
export function gateway(
  self: number,
  judge: (item: string) => Verdict | null = () => ({ kind: "accept" }),
): DrivenLanes {
  return drive(self, recoverLanes(committeeOf(SIZE, self), [], new Set(), []), [], judge);
}

function drive(
  self: number,
  initial: Lanes,
  before: readonly Write[],
  judge: (item: string) => Verdict | null,
): DrivenLanes {
  const committee = committeeOf(SIZE, self);
  const writes: Write[] = [...before];
  let state = initial;
  let nowMs = START_MS;

  function step(input: LaneInput): readonly LaneEffect[] {
    const next = stepLanes(committee, state, input, nowMs);
    state = next.state;
    const effects: LaneEffect[] = [];
    for (const effect of next.effects) {
      // A message to some peers is one to each of them.
      if (effect.kind === "send" && Array.isArray(effect.to))
        for (const to of effect.to) effects.push({ ...effect, to });
      else effects.push(effect);
      if (effect.kind === "persist") writes.push(effect.write);
      if (effect.kind === "rewind") effects.push(...step({ kind: "rewound", lane: effect.lane, end: endOf(null) }));
      if (effect.kind !== "check") continue;
      const verdict = judge(effect.statements[0]?.measurement.item ?? "");
      if (verdict !== null)
        effects.push(
          ...step({ kind: "checked", lane: effect.lane, number: effect.number, hash: effect.hash, verdict }),
        );
    }
    return effects;
  }

  return {
    lanes: () => state,
    step,
    receive: (message, from = (self + 1) % SIZE) => step({ kind: "message", from, message }),
    seal: (bundle) => step({ kind: "sealed", bundle, lastAtMs: START_MS, writes: [] }),
    setClock: (ms) => {
      nowMs = ms;
    },
    writes,
    restarted: async () => {
      const store = openMemoryStore({ lanes: SIZE });
      await store.commit(writes);
      const recovered = await store.recover();
      const lanes = recoverLanes(committee, recovered.lanes, new Set(recovered.silentLanes), []);
      const again = drive(self, lanes, writes, judge);
      for (const [lane, { rewinding }] of lanes.lanes.entries()) {
        if (!rewinding) continue;
        const bundles = await store.bundles(lane, 0, 1e9);
        const hashes = new Map(bundles.map(({ number, hash }) => [number, hash]));
        again.step({ kind: "recalled", lane, hashes, end: endOf(bundles.at(-1) ?? null) });
      }
      return again;
    },
  };
}

// --- what peers say ----------------------------------------------------------------------------------------------------

export type Sealing = {
  readonly at?: number;
  readonly first?: number;
  readonly statementNumber?: number;
  readonly created?: number;
  readonly signer?: number;
  readonly isSignedAgain?: boolean;
};

/** Bundle `number` of a lane with one statement on `item`; numbers are those of the rules unless `sealing` breaks them. */
export function bundleOf(owner: number, number: number, parent: string, item: string, sealing: Sealing = {}): Bundle {
  const { site, keys, signers, signAgain } = simulatedSite(SIZE);
  const signer = sealing.signer ?? owner;
  const sign = sealing.isSignedAgain ? (message: Uint8Array) => signAgain(signer, message) : signers[signer];
  const name = site.gateways[owner]?.name;
  if (sign === undefined || name === undefined) throw new Error(`there is no gateway ${owner}`);
  const first = sealing.first ?? number;
  const at = sealing.at ?? START_MS;
  const header = {
    site: site.site,
    gateway: name,
    epoch: site.epoch,
    configHash: site.configHash,
    number,
    parent,
    first,
    count: 1,
    created: sealing.created ?? at,
  };
  return sealBundle(header, [statementOf(sealing.statementNumber ?? first, item, at)], keys(owner).keyId, sign);
}

export function statementOf(number: number, item: string, at = START_MS): Uint8Array {
  const thousandth = { mantissa: 1, exponent: -3 };
  const dimensions = { length: thousandth, width: thousandth, height: thousandth };
  return encodeStatement({
    number,
    measurement: { station: "bench", item, at, mass: thousandth, division: thousandth, dimensions, frames: [] },
    assessment: { model: NO_HASH, predictedGrams: 1, lowGrams: 1, highGrams: 2, verdict: "accept", reasons: [] },
  });
}

/** A chain of `count` bundles, each on the one before. */
export function chainOf(owner: number, count: number, item = "item"): readonly Bundle[] {
  const chain: Bundle[] = [];
  for (let number = 0; number < count; number += 1)
    chain.push(bundleOf(owner, number, chain.at(-1)?.hash ?? NO_HASH, `${item} ${number}`));
  return chain;
}

export function carry({ cose, statements }: Bundle): LaneMessage {
  return { kind: "bundle", cose, statements };
}

export function ackOf(voter: number, lane: number, number: number, hash: string): Ack {
  const committee = committeeOf(SIZE, voter);
  return { lane, number, hash, voter, signature: committee.sign(ackBytes(committee, lane, number, hash)) };
}

export function ack(voter: number, lane: number, { header, hash }: Bundle): LaneMessage {
  return { kind: "ack", ack: ackOf(voter, lane, header.number, hash) };
}

export function certificateOf(
  lane: number,
  { header: { number }, hash }: Bundle,
  voters: readonly number[],
): LaneCertificate {
  return {
    lane,
    number,
    hash,
    acks: voters.map((voter) => ({ voter, signature: ackOf(voter, lane, number, hash).signature })),
  };
}

export function certificate(lane: number, bundle: Bundle, voters: readonly number[]): LaneMessage {
  return { kind: "laneCertificate", certificate: certificateOf(lane, bundle, voters) };
}

export function tips(
  again: boolean,
  held: readonly number[],
  certificates: readonly LaneCertificate[] = [],
): LaneMessage {
  return { kind: "tips", again, held, certificates };
}

// --- what the gateway did -----------------------------------------------------------------------------------------------

export function sent(effects: readonly LaneEffect[]): readonly LaneMessage[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
}

/** "ack 2/0" for bundle 0 of lane 2. */
export function acksSent(effects: readonly LaneEffect[]): readonly string[] {
  return sent(effects).flatMap((message) =>
    message.kind === "ack" ? [`ack ${message.ack.lane}/${message.ack.number}`] : [],
  );
}

export function kindsOf(effects: readonly LaneEffect[]): readonly string[] {
  return effects.map((effect) =>
    effect.kind === "persist"
      ? `persist ${effect.write.kind}`
      : effect.kind === "send"
        ? `send ${effect.message.kind}`
        : effect.kind,
  );
}
