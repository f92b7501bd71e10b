/**
 * The hypotheses and the theorems of the safety proof (ledger/agreement/proof/SimplexSafety.v), checked vote by vote and under
 * their names there. The log L is the union of what honest gateways have on disk and of everything that liars ever signed.
 */
import { genesisOf } from "../../../ledger/agreement/index.ts";
import { type CborValue, decodeUnchecked } from "../../../ledger/cbor/index.ts";
import { type GatewayIndex, type Hash, hashBytes } from "../../../ledger/committee/index.ts";
import { toHex } from "../../../ledger/crypto/index.ts";
import type { Write } from "../../../ledger/store/port.ts";
import { type Context, nameOf } from "./context.ts";
import { type Certificate, readBlock, readMessage, type Vote } from "../../../ledger/message/index.ts";

export type Proof = {
  readonly durable: (gateway: GatewayIndex, write: Write) => void;
  /** A liar signed these bytes. */
  readonly signed: (gateway: GatewayIndex, message: Uint8Array) => void;
  /** A9: an honest gateway's vote leaves it. */
  readonly voteSent: (gateway: GatewayIndex, vote: Vote) => void;
};

type Block = { readonly view: number; readonly parent: Hash };
/** What one honest gateway signed in one view. */
type Sent = { notarize?: Hash; nullify?: true; finalize?: Hash };

export function watchProof(context: Context): Proof {
  const { committee, quorum, violated } = context;
  const genesis = genesisOf(committee).hash;
  const blocks = new Map<Hash, Block>([[genesis, { view: 0, parent: "" }]]);
  const voters = new Map<string, Set<GatewayIndex>>();
  const sent = Array.from({ length: committee.size }, () => new Map<number, Sent>());
  /** W of each gateway, as far as it is on disk. */
  const final = Array.from({ length: committee.size }, () => 0);
  const notarized = new Map<number, Hash>();
  const nullified = new Set<number>();
  const finalized = new Map<number, Hash>();

  // --- ok L x w -----------------------------------------------------------------------------------------------------

  function ok(x: GatewayIndex, vote: Vote): void {
    const before = sent[x]?.get(vote.view) ?? {};
    const says = (name: string, text: string) => violated(name, `${nameOf(x)} in view ${vote.view}: ${text}`);
    if (vote.view <= (final[x] ?? 0)) says("A8", `a ${vote.kind} at or below W = ${final[x]}`);
    switch (vote.kind) {
      case "notarize":
        if (before.notarize !== undefined && before.notarize !== vote.hash) says("ok_notarize", "a second block");
        justified(vote, says);
        return;
      case "nullify":
        if (before.finalize !== undefined) says("ok_nullify", "nullify after finalize");
        return;
      case "finalize":
        if (before.nullify) says("ok_finalize", "finalize after nullify");
        if (notarized.get(vote.view) !== vote.hash) says("ok_finalize", "finalize of what is not notarized");
    }
  }

  function justified({ view, hash }: { view: number; hash: Hash }, says: (name: string, text: string) => void): void {
    const block = blocks.get(hash);
    if (block === undefined) return says("A4", "the block that it notarizes is not on its disk");
    if (block.view !== view) return says("justified", `a block of view ${block.view}`);
    const parent = blocks.get(block.parent);
    if (parent === undefined) return says("justified", "a block whose parent nobody has");
    if (parent.view >= view) return says("justified", `its parent is of view ${parent.view}`);
    if (block.parent !== genesis && notarized.get(parent.view) !== block.parent)
      says("justified", `its parent in view ${parent.view} is not notarized`);
    for (let between = parent.view + 1; between < view; between += 1)
      if (!nullified.has(between)) says("justified", `view ${between} is skipped, but not nullified`);
  }

  // --- L grows ------------------------------------------------------------------------------------------------------

  function append(x: GatewayIndex, vote: Vote): void {
    const key = keyOf(vote);
    const agreeing = voters.get(key) ?? new Set();
    voters.set(key, agreeing);
    agreeing.add(x);
    if (agreeing.size !== quorum) return;
    switch (vote.kind) {
      case "notarize":
        return onNotarized(vote);
      case "nullify":
        nullified.add(vote.view);
        return neverNullified(vote.view);
      case "finalize":
        return onFinalized(vote);
    }
  }

  function onNotarized({ view, hash }: { view: number; hash: Hash }): void {
    const other = notarized.get(view);
    if (other !== undefined && other !== hash)
      violated("one_notarization_per_view", `view ${view} has ${other.slice(0, 8)} and ${hash.slice(0, 8)}`);
    notarized.set(view, hash);
    for (const [at, below] of finalized) if (at <= view) descends(hash, at, below, "chain_safety");
  }

  function onFinalized({ view, hash }: { view: number; hash: Hash }): void {
    if (notarized.get(view) !== hash) violated("finalized_notarized", `view ${view}`);
    for (const [at, above] of notarized) if (at >= view) descends(above, view, hash, "chain_safety");
    for (const [at, other] of finalized) {
      if (at < view) descends(hash, at, other, "agreement");
      else descends(other, view, hash, "agreement");
    }
    finalized.set(view, hash);
    neverNullified(view);
    // What is below is proven to be an ancestor.
    for (const at of finalized.keys()) if (at < view) finalized.delete(at);
  }

  function neverNullified(view: number): void {
    if (nullified.has(view) && finalized.has(view)) violated("finalized_never_nullified", `view ${view}`);
  }

  /** anc: the block of `view` below `from` is `hash`. */
  function descends(from: Hash, view: number, hash: Hash, property: string): void {
    let at = from;
    for (let block = blocks.get(at); block !== undefined && block.view > view; block = blocks.get(at))
      at = block.parent;
    if (at !== hash && blocks.has(at))
      violated(property, `${from.slice(0, 8)} does not descend from ${hash.slice(0, 8)}, final in view ${view}`);
  }

  /** cert L w, for a certificate that an honest gateway took for one. */
  function cert(x: GatewayIndex, { vote, signatures }: Certificate): void {
    const signers = new Set(signatures.map(({ voter }) => voter));
    const about = `${nameOf(x)} took ${signatures.length} signatures for a ${vote.kind} certificate of view ${vote.view}`;
    if (signers.size !== signatures.length || signers.size < quorum)
      violated("quorum", `${about}, of ${signers.size} signers`);
    const known = voters.get(keyOf(vote));
    for (const signer of signers) {
      if (signer >= committee.size) violated("quorum", `${about}; gateway ${signer} does not exist`);
      else if (known?.has(signer) !== true) violated("cert", `${about}; ${nameOf(signer)} never signed it`);
    }
  }

  return {
    durable: (x, write) => {
      switch (write.kind) {
        case "block":
          return remember(blocks, write.hash, write.bytes);
        case "vote": {
          const message = messageOf(write.bytes);
          if (message?.kind !== "vote") return;
          const { vote } = message.vote;
          const before = sent[x]?.get(vote.view) ?? {};
          if (before[vote.kind] !== undefined && hashOf(vote) === before[vote.kind]) return;
          ok(x, vote);
          sent[x]?.set(vote.view, { ...before, [vote.kind]: hashOf(vote) });
          return append(x, vote);
        }
        case "certificate": {
          const message = messageOf(write.bytes);
          return message?.kind === "certificate" ? cert(x, message.certificate) : undefined;
        }
        case "finalized": {
          for (const { hash, bytes } of write.chain) remember(blocks, hash, bytes);
          final[x] = Math.max(final[x] ?? 0, write.view);
          return;
        }
        default:
      }
    },
    signed: (x, message) => {
      const vote = voteOf(committee, message);
      if (vote !== null) append(x, vote);
    },
    voteSent: (x, vote) => {
      if (vote.view <= (final[x] ?? 0)) return;
      const known = sent[x]?.get(vote.view)?.[vote.kind];
      if (known === undefined || known !== hashOf(vote))
        violated("A9", `${nameOf(x)} sends a ${vote.kind} of view ${vote.view} that is not on its disk`);
    },
  };
}

/** What stands for a vote in `Sent`. */
function hashOf(vote: Vote): Hash | true {
  return vote.kind === "nullify" ? true : vote.hash;
}

function keyOf(vote: Vote): string {
  return `${vote.kind} ${vote.view} ${hashOf(vote)}`;
}

function remember(blocks: Map<Hash, Block>, hash: Hash, bytes: Uint8Array): void {
  if (blocks.has(hash)) return;
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") throw new Error("a stored block does not decode");
  const { view, parent } = readBlock(decoded.value);
  blocks.set(hash, { view, parent });
}

function messageOf(bytes: Uint8Array): ReturnType<typeof readMessage> {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject" || !Array.isArray(decoded.value)) throw new Error("a stored message does not decode");
  return readMessage(decoded.value as readonly CborValue[]);
}

/** The vote in signed bytes of this very site, epoch and configuration (C1); null when they are anything else. */
export function voteOf({ site, epoch, configHash }: Context["committee"], message: Uint8Array): Vote | null {
  const decoded = decodeUnchecked(message);
  if (decoded.kind === "reject" || !Array.isArray(decoded.value)) return null;
  const [, itsSite, itsEpoch, configuration, kind, view, hash] = decoded.value as readonly CborValue[];
  if (itsSite !== site || itsEpoch !== epoch || typeof view !== "number") return null;
  if (!(configuration instanceof Uint8Array) || Buffer.compare(configuration, hashBytes(configHash)) !== 0) return null;
  if (kind === "nullify") return { kind, view };
  if ((kind !== "notarize" && kind !== "finalize") || !(hash instanceof Uint8Array)) return null;
  return { kind, view, hash: toHex(hash) };
}
