/**
 * R4: from executed logs to cosigned checkpoints to anchors. A gateway cosigns only what it has executed itself; it believes a
 * checkpoint when a quorum cosigned it, and an anchor when a shared ledger countersigned that.
 */
import { type Committee, type GatewayIndex, type Hash, hasVote } from "../committee/index.ts";
import { toHex } from "../crypto/index.ts";
import {
  cosign,
  formatCheckpoint,
  formatNote,
  type Note,
  type NoteSignature,
  parseCheckpoint,
  parseNote,
  type VerifierKey,
  verifyCosignature,
} from "../log/index.ts";
import { originOf, quorumOf, type Site, siteKeys, votersOf } from "../management/index.ts";

/** Sizes for which cosignatures of each gateway are kept, and own roots remembered to hold others' against. */
const SIZES_KEPT = 256;

export type Checked =
  | { readonly kind: "accept"; readonly size: number; readonly root: Hash; readonly note: Note }
  | { readonly kind: "reject"; readonly reason: string };

export type Checkpoints = {
  /** The own cosignature for an executed log, as a note to send; counts it too. */
  readonly cosignExecuted: (size: number, root: Hash, timeSeconds: number) => string;
  /** Takes a peer's cosignature; answers a reason when it is not one. */
  readonly add: (
    from: GatewayIndex,
    note: string,
  ) =>
    | { readonly kind: "accept"; readonly size: number }
    | { readonly kind: "ignore" }
    | { readonly kind: "reject"; readonly reason: string };
  /** An executed size above all before, for which a quorum agrees with the own root, once. */
  readonly take: (size: number) => { readonly size: number; readonly root: Hash; readonly note: string } | null;
  /** A root for an executed size that differs from the own and that a quorum cosigned: this gateway has diverged. */
  readonly divergence: (size: number) => { readonly size: number; readonly ours: Hash; readonly theirs: Hash } | null;
  /** Own root at an executed size, when it is still remembered. */
  readonly rootAt: (size: number) => Hash | undefined;
};

type Vote = { readonly root: Hash; readonly signature: NoteSignature };

/** Whether a gateway's cosignature holds; the default checks with the checkpoint keys of the site. */
export type VerifyCosignature = (
  signer: GatewayIndex,
  message: Uint8Array,
  signature: Uint8Array,
  site: Site,
) => boolean;

/** Cosignatures that held: they come by alone, in the checkpoint, and in every anchor of it. */
const held = new Map<string, ReturnType<typeof verifyCosignature>>();
const MOST_HELD = 512;

function verifyOnce(key: VerifierKey, body: string, signature: NoteSignature): ReturnType<typeof verifyCosignature> {
  const what = `${key.key.hex} ${signature.name} ${toHex(signature.keyId)} ${toHex(signature.signature)} ${body}`;
  const known = held.get(what);
  if (known !== undefined) return known;
  const verified = verifyCosignature(key, body, signature);
  if (verified.kind === "accept") {
    const [oldest] = held.keys();
    if (held.size >= MOST_HELD && oldest !== undefined) held.delete(oldest);
    held.set(what, verified);
  }
  return verified;
}

/** One gateway's cosignature in a note. */
function verifyBy(
  site: Site,
  key: VerifierKey,
  signer: GatewayIndex,
  { body }: Note,
  signature: NoteSignature,
  verify: VerifyCosignature | undefined,
): ReturnType<typeof verifyCosignature> {
  if (verify === undefined) return verifyOnce(key, body, signature);
  return verifyCosignature(key, body, signature, (message, bytes) => verify(signer, message, bytes, site));
}

export function makeCheckpoints(
  site: Site,
  committee: Committee,
  cosignWith: (message: Uint8Array) => Uint8Array,
  verify?: VerifyCosignature,
): Checkpoints {
  const keys = siteKeys(site).gateways.map(({ checkpointKey }) => checkpointKey);
  const origin = originOf(site.site);
  const own = new Map<number, Hash>();
  const votes = new Map<GatewayIndex, Map<number, Vote>>();
  let takenSize = 0;

  function bodyOf(size: number, root: Hash): string {
    return formatCheckpoint({ origin, size, root });
  }

  function count(size: number, voter: GatewayIndex, vote: Vote): void {
    const of = votes.get(voter) ?? new Map<number, Vote>();
    // The first one counts: a gateway that cosigns two roots of one size only harms its own word.
    if (!of.has(size)) of.set(size, vote);
    // R4: a bound for each voter, so that nobody's cosignatures push out another's.
    if (of.size > SIZES_KEPT) of.delete(Math.min(...of.keys()));
    votes.set(voter, of);
  }

  function agreeing(size: number): { readonly root: Hash; readonly signatures: readonly NoteSignature[] } | null {
    const byRoot = new Map<Hash, NoteSignature[]>();
    for (const voter of committee.voters) {
      const vote = votes.get(voter)?.get(size);
      if (vote === undefined) continue;
      const signatures = byRoot.get(vote.root) ?? [];
      byRoot.set(vote.root, signatures);
      signatures.push(vote.signature);
    }
    for (const [root, signatures] of byRoot) if (signatures.length >= committee.quorum) return { root, signatures };
    return null;
  }

  return {
    cosignExecuted: (size, root, timeSeconds) => {
      own.set(size, root);
      if (own.size > SIZES_KEPT) own.delete(Math.min(...own.keys()));
      const key = keys[committee.self];
      if (key === undefined) throw new Error(`Gateway ${committee.self} has no checkpoint key in the site.`);
      const signature = cosign(key, cosignWith, bodyOf(size, root), timeSeconds);
      count(size, committee.self, { root, signature });
      return formatNote({ body: bodyOf(size, root), signatures: [signature] });
    },
    add: (from, text) => {
      const read = readCheckpoint(text, origin);
      if (read.kind === "reject") return read;
      const { size, root, note } = read;
      const [signature] = note.signatures;
      const key = keys[from];
      if (size <= takenSize || votes.get(from)?.has(size)) return { kind: "ignore" };
      if (key === undefined || !hasVote(committee, from) || signature === undefined || note.signatures.length !== 1)
        return { kind: "reject", reason: "a cosignature note has one signature, the sender's" };
      const verified = verifyBy(site, key, from, note, signature, verify);
      if (verified.kind === "reject") return verified;
      count(size, from, { root, signature });
      return { kind: "accept", size };
    },
    take: (size) => {
      const found = size > takenSize ? agreeing(size) : null;
      if (found === null || found.root !== own.get(size)) return null;
      takenSize = size;
      for (const of of votes.values()) for (const at of of.keys()) if (at <= size) of.delete(at);
      return {
        size,
        root: found.root,
        note: formatNote({ body: bodyOf(size, found.root), signatures: found.signatures }),
      };
    },
    divergence: (size) => {
      const ours = own.get(size);
      const theirs = ours === undefined ? undefined : agreeing(size)?.root;
      return ours === undefined || theirs === undefined || theirs === ours ? null : { size, ours, theirs };
    },
    rootAt: (size) => own.get(size),
  };
}

export function readCheckpoint(text: string, origin: string): Checked {
  const parsed = parseNote(text);
  if (parsed.kind === "reject") return parsed;
  const checkpoint = parseCheckpoint(parsed.note.body);
  if (checkpoint.kind === "reject") return checkpoint;
  if (checkpoint.checkpoint.origin !== origin)
    return { kind: "reject", reason: `a checkpoint of ${checkpoint.checkpoint.origin}, not of ${origin}` };
  return { kind: "accept", size: checkpoint.checkpoint.size, root: checkpoint.checkpoint.root, note: parsed.note };
}

/**
 * Whether a note from anywhere carries a quorum of the site's cosignatures, and, when `ledger` is named, its countersignature: by one
 * of its configurations, the newest last.
 */
export function checkCheckpoint(
  sites: readonly Site[],
  text: string,
  ledger: string | null,
  verify?: VerifyCosignature,
): Checked {
  let newest: Checked = { kind: "reject", reason: "the site has no configuration" };
  for (const [age, site] of sites.toReversed().entries()) {
    const checked = checkBy(site, text, ledger, verify);
    if (checked.kind === "accept") return checked;
    if (age === 0) newest = checked;
  }
  return newest;
}

function checkBy(site: Site, text: string, ledger: string | null, verify: VerifyCosignature | undefined): Checked {
  const read = readCheckpoint(text, originOf(site.site));
  if (read.kind === "reject") return read;
  const { gateways, ledgers } = siteKeys(site);
  const { body, signatures } = read.note;
  const voters = votersOf(site);
  const quorum = quorumOf(voters.length);
  const signers = gateways.filter(
    ({ checkpointKey }, signer) =>
      voters.includes(signer) &&
      signatures.some(
        (signature) => verifyBy(site, checkpointKey, signer, read.note, signature, verify).kind === "accept",
      ),
  ).length;
  if (signers < quorum)
    return { kind: "reject", reason: `${signers} gateways cosigned size ${read.size}, ${quorum} are needed` };
  if (ledger === null) return read;
  const key = ledgers[site.ledgers.findIndex(({ name }) => name === ledger)];
  if (key === undefined) return { kind: "reject", reason: `the site knows no ledger ${ledger}` };
  const countersigned = signatures.some((signature) => verifyOnce(key, body, signature).kind === "accept");
  return countersigned ? read : { kind: "reject", reason: `${ledger} did not countersign size ${read.size}` };
}
