import { fromHex } from "../../crypto/index.ts";
import { type Note, type VerifierKey, verifyConsistency, verifyCosignature } from "../../log/index.ts";
import type { AddCheckpoint } from "./request.ts";

/** E3: who may sign a checkpoint of a site by one of its configurations. */
export type Signers = {
  /** Cosignatures of distinct gateways that a checkpoint needs. */
  readonly quorum: number;
  /** The checkpoint keys of the gateways that vote. */
  readonly keys: readonly VerifierKey[];
};

/** E3, E8: what the ledger knows of a site, from its SITE.json. */
export type Policy = {
  readonly origin: string;
  /** Of every configuration of the site, oldest first. */
  readonly signers: readonly Signers[];
  /** The configuration by which the latest record was signed: earlier ones sign no more. */
  readonly since: number;
};

export type Latest = { readonly size: number; readonly root: string };

export type Judgement =
  /** `by`: the configuration whose gateways signed. */
  | { readonly kind: "record"; readonly by: number }
  /** E5: the very checkpoint that is the latest already. */
  | { readonly kind: "repeat" }
  /** `latestSize` set: the old size was not that of the latest, the client may try again from there. */
  | { readonly kind: "conflict"; readonly reason: string; readonly latestSize: number | null }
  | { readonly kind: "forbidden"; readonly reason: string }
  | { readonly kind: "unproven"; readonly reason: string };

/** E3-E6 in the order of C2SP tlog-witness. Pure. `latest` null: nothing of this origin is recorded yet. */
export function judge(policy: Policy, latest: Latest | null, request: AddCheckpoint): Judgement {
  const { checkpoint, old, proof } = request;
  const by = signedBy(policy, request.note);
  if (by === null) {
    const { quorum, keys } = policy.signers.at(-1) ?? { quorum: 1, keys: [] };
    return {
      kind: "forbidden",
      reason: `the checkpoint has valid cosignatures of ${cosigners(keys, request.note)} gateways of ${policy.origin}, not ${quorum}; repeated ones count once`,
    };
  }
  const latestSize = latest?.size ?? 0;
  if (old !== latestSize) return { kind: "conflict", reason: `the latest size is ${latestSize}`, latestSize };
  if (latest !== null && checkpoint.size === latest.size) {
    if (checkpoint.root === latest.root)
      return proof.length === 0 ? { kind: "repeat" } : unproven("equal sizes have no proof");
    return {
      kind: "conflict",
      reason: `size ${latest.size} is recorded with another root: the site has shown two histories`,
      latestSize: null,
    };
  }
  // The proof from size 0 is empty and proves nothing, which is right: nothing was promised before.
  const from = latest === null ? new Uint8Array(32) : (fromHex(latest.root) ?? new Uint8Array(0));
  const to = fromHex(checkpoint.root) ?? new Uint8Array(0);
  return verifyConsistency(latestSize, checkpoint.size, from, to, proof)
    ? { kind: "record", by }
    : unproven(`the proof does not show that size ${checkpoint.size} extends size ${latestSize}`);
}

/** E3: the newest configuration of which a quorum cosigned; null = none that may. */
export function signedBy({ signers, since }: Policy, note: Note): number | null {
  const index = signers.findLastIndex(({ quorum, keys }, at) => at >= since && cosigners(keys, note) >= quorum);
  return index === -1 ? null : index;
}

/** E3: how many distinct gateways validly cosigned. */
function cosigners(keys: readonly VerifierKey[], note: Note): number {
  let signers = 0;
  for (const key of keys) {
    const candidates = note.signatures.filter(({ name }) => name === key.name);
    // Honest notes carry one line a gateway; a second try keeps a junk line from hiding it, more would buy a flood.
    if (candidates.slice(0, 2).some((line) => verifyCosignature(key, note.body, line).kind === "accept")) signers += 1;
  }
  return signers;
}

function unproven(reason: string): Judgement {
  return { kind: "unproven", reason };
}
