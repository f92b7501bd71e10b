/**
 * Makes certificates out of what it has heard and of what all attacked gateways can sign: too few signers, one signer twice,
 * another kind, hash, view, epoch or site, signatures of several certificates mixed, strangers, flipped bits.
 */
import { genesisOf } from "../../../ledger/agreement/index.ts";
import type { Committee, Signed } from "../../../ledger/committee/index.ts";
import { formatNote, parseNote } from "../../../ledger/log/index.ts";
import { sealMessage } from "../../../ledger/replica/wire.ts";
import {
  type Attack,
  type AttackContext,
  conspirators,
  conspire,
  othersOf,
  repeatedly,
  someOf,
  strike,
} from "./attack.ts";
import { say, sayInLanes, understand } from "./speech.ts";
import {
  ackBytes,
  blockHash,
  type Certificate,
  type LaneCertificate,
  type Vote,
  voteBytes,
} from "../../../ledger/message/index.ts";

const EVERY_MS = 120;
const KEPT = 16;
const HASTY_CHANCE = 0.05;

type Memory = {
  readonly certificates: Certificate[];
  readonly laneCertificates: LaneCertificate[];
  /** Checkpoint notes, cosigned by one gateway each. */
  readonly notes: string[];
};

export const certificateForger: Attack = {
  name: "certificate-forger",
  begin: (context) => {
    conspire(context);
    const { random } = context;
    const memory: Memory = { certificates: [], laneCertificates: [], notes: [] };
    repeatedly(context, EVERY_MS, () => {
      const forge = random.pick([forgedCertificate, forgedLaneCertificate, forgedChain, forgedCheckpoint]);
      const bytes = forge(context, memory);
      if (bytes === null) return;
      strike(context, "certificate-forger");
      for (const to of someOf(random, othersOf(context), 1)) context.send(to, bytes);
    });
    return {
      outgoing: (to, bytes) => [{ to, bytes }],
      incoming: (_from, bytes) => {
        learn(memory, bytes);
        hasten(context, bytes);
        return true;
      },
    };
  },
};

/** A vote has come: with the own one and this one counted as often as a quorum wants, there is a certificate before its time. */
function hasten(context: AttackContext, bytes: Uint8Array): void {
  const { committee, random } = context;
  const message = understand(bytes)?.message;
  if (message?.kind !== "vote" || !random.chance(HASTY_CHANCE)) return;
  const { vote, voter, signature } = message.vote;
  const own = conspirators(context).map((each) => ({
    voter: each.self,
    signature: each.committee.sign(voteBytes(each.committee, vote)),
  }));
  const again = Array.from({ length: Math.max(1, committee.quorum - own.length) }, () => ({ voter, signature }));
  strike(context, "certificate-forger");
  const certificate = { vote, signatures: [...own.filter((each) => each.voter !== voter), ...again] };
  for (const to of someOf(random, othersOf(context), 1)) context.send(to, say({ kind: "certificate", certificate }));
}

function learn(memory: Memory, bytes: Uint8Array): void {
  const message = understand(bytes)?.message;
  switch (message?.kind) {
    case "certificate":
      return remember(memory.certificates, message.certificate);
    case "laneCertificate":
      return remember(memory.laneCertificates, message.certificate);
    case "cosignature":
      return remember(memory.notes, message.note);
    case "tips":
      for (const certificate of message.certificates) remember(memory.laneCertificates, certificate);
      return;
    default:
  }
}

function remember<T>(kept: T[], item: T): void {
  kept.push(item);
  if (kept.length > KEPT) kept.shift();
}

function forgedCertificate(context: AttackContext, memory: Memory): Uint8Array | null {
  const certificate = forgedOver(context, memory);
  return certificate === null ? null : say({ kind: "certificate", certificate });
}

function forgedOver(context: AttackContext, { certificates }: Memory): Certificate | null {
  const { random } = context;
  if (certificates.length === 0) return null;
  const [one, other] = [random.pick(certificates), random.pick(certificates)];
  const hash = "hash" in other.vote ? other.vote.hash : genesisOf(context.committee).hash;
  const view = one.vote.view + random.pick([0, 0, 1, 2, 5, 60, 100_000]);
  const vote: Vote = random.pick<Vote>([
    one.vote,
    { ...one.vote, view },
    { kind: "nullify", view },
    { kind: "notarize", view, hash },
    { kind: "finalize", view, hash },
  ]);
  const signatures = forgedSignatures(context, one.signatures, other.signatures, (as) => as.sign(voteBytes(as, vote)));
  // Now and then nothing changed: that is a replay, and does no harm to be sent.
  return { vote, signatures };
}

function forgedLaneCertificate(context: AttackContext, { laneCertificates }: Memory): Uint8Array | null {
  const { random, committee } = context;
  if (laneCertificates.length === 0) return null;
  const [one, other] = [random.pick(laneCertificates), random.pick(laneCertificates)];
  const lane = random.pick([one.lane, committee.self, random.below(committee.size), 499]);
  const number = one.number + random.pick([0, 1, 1, 2, 100, 1_000_000]);
  const { hash } = other;
  const acks = forgedSignatures(context, one.acks, other.acks, (as) => as.sign(ackBytes(as, lane, number, hash)));
  return sayInLanes({ kind: "laneCertificate", certificate: { lane, number, hash, acks } });
}

/** A block of its own as the finalized chain. */
function forgedChain(context: AttackContext, memory: Memory): Uint8Array | null {
  const certificate = forgedOver(context, memory);
  if (certificate === null) return null;
  const genesis = genesisOf(context.committee);
  const { view } = certificate.vote;
  const parent = "hash" in certificate.vote ? certificate.vote.hash : genesis.hash;
  const { configHash } = context.committee;
  const { seed } = genesis;
  const block = { view, parent, tips: genesis.tips, configHash, seed, reveal: null, checkpoint: null, next: null };
  const vote: Vote = { kind: "finalize", view, hash: blockHash(block) };
  return say({ kind: "finalized", blocks: [block], finalization: { ...certificate, vote } });
}

/** One gateway's cosignature counted as many, or for another ledger. */
function forgedCheckpoint({ random }: AttackContext, { notes }: Memory): Uint8Array | null {
  if (notes.length === 0) return null;
  const parsed = parseNote(random.pick(notes));
  const [signature] = parsed.kind === "accept" ? parsed.note.signatures : [];
  if (parsed.kind !== "accept" || signature === undefined) return null;
  const { body } = parsed.note;
  const signatures = Array.from({ length: 1 + random.below(5) }, () => signature);
  const note = formatNote({ body, signatures });
  const ledger = random.pick(["embedded", "nowhere"]);
  return sealMessage({
    layer: "checkpoint",
    message: random.chance(0.5) ? { kind: "checkpoint", note } : { kind: "anchor", ledger, note },
  });
}

/** `signAs`: the forged words signed by an accomplice, in this or another epoch or site. */
function forgedSignatures(
  context: AttackContext,
  one: readonly Signed[],
  other: readonly Signed[],
  signAs: (committee: Committee) => Uint8Array,
): readonly Signed[] {
  const { random, committee } = context;
  const accomplices = conspirators(context).map((each) => each.committee);
  const signedIn = (change: Partial<Committee>): readonly Signed[] =>
    accomplices.map((as) => ({ voter: as.self, signature: signAs({ ...as, ...change }) }));
  const own = signedIn({});
  const without = (signed: readonly Signed[]) =>
    signed.filter(({ voter }) => !own.some((each) => each.voter === voter));
  const [first] = one;
  switch (random.below(9)) {
    case 0:
      return one.slice(1);
    case 1:
      return first === undefined ? [] : [first, ...one.slice(1, -1), first];
    case 2:
      return [...one.slice(0, 1), ...other.slice(1)];
    case 3:
      return one.map(({ voter, signature }) => ({ voter, signature: flipped(signature, random.below(512)) }));
    case 4:
      return [...own, ...without(one)];
    case 5:
      return [...signedIn({ epoch: committee.epoch + 1 }), ...without(one)];
    case 6:
      return [...signedIn({ site: "elsewhere" }), ...without(one)];
    case 7:
      // The accomplices' signatures under everybody's name, and a stranger's.
      return Array.from({ length: committee.size + random.below(2) }, (_, voter) => ({
        voter,
        signature: own[voter % own.length]?.signature ?? new Uint8Array(64),
      }));
    default:
      return random.pick([[], Array.from({ length: 500 }, (_, voter) => ({ voter, signature: new Uint8Array(64) }))]);
  }
}

function flipped(signature: Uint8Array, bit: number): Uint8Array {
  return signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}
