import { fromHex } from "../../crypto/index.ts";
import { type VerifierKey, verifyConsistency, verifyCosignature } from "../../log/index.ts";
import type { AddCheckpoint } from "./request.ts";

/** E3: what the ledger knows of a site, from its SITE.json. */
export type Policy = {
  readonly origin: string;
  /** Cosignatures of distinct gateways that a checkpoint needs. */
  readonly quorum: number;
  /** The gateways' checkpoint keys. */
  readonly keys: readonly VerifierKey[];
};

export type Latest = { readonly size: number; readonly root: string };

export type Judgement =
  | { readonly kind: "record" }
  /** E5: the very checkpoint that is the latest already. */
  | { readonly kind: "repeat" }
  /** `latestSize` set: the old size was not that of the latest, the client may try again from there. */
  | { readonly kind: "conflict"; readonly reason: string; readonly latestSize: number | null }
  | { readonly kind: "forbidden"; readonly reason: string }
  | { readonly kind: "unproven"; readonly reason: string };

/** E3-E6 in the order of C2SP tlog-witness. Pure. `latest` null: nothing of this origin is recorded yet. */
export function judge(policy: Policy, latest: Latest | null, request: AddCheckpoint): Judgement {
  const { checkpoint, old, proof } = request;
  const signers = signersOf(policy, request);
  if (signers < policy.quorum) {
    return {
      kind: "forbidden",
      reason: `the checkpoint has valid cosignatures of ${signers} gateways of ${policy.origin}, not ${policy.quorum}; repeated ones count once`,
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
    ? { kind: "record" }
    : unproven(`the proof does not show that size ${checkpoint.size} extends size ${latestSize}`);
}

/** E3: how many distinct gateways validly cosigned. */
function signersOf(policy: Policy, { note }: AddCheckpoint): number {
  let signers = 0;
  for (const key of policy.keys) {
    const candidates = note.signatures.filter(({ name }) => name === key.name);
    // Honest notes carry one line a gateway; a second try keeps a junk line from hiding it, more would buy a flood.
    if (candidates.slice(0, 2).some((line) => verifyCosignature(key, note.body, line).kind === "accept")) signers += 1;
  }
  return signers;
}

function unproven(reason: string): Judgement {
  return { kind: "unproven", reason };
}
