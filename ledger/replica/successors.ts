/**
 * R12: successors of the configuration in force, until one of them has its quorum of approvals (G10) and can be agreed on (A13).
 * Every gateway tells its own approval to every peer; the text is asked of whoever approved of it.
 */
import { type CborValue, decode, encode } from "../cbor/index.ts";
import { type GatewayIndex, type Hash, invariant, type Signed } from "../committee/index.ts";
import {
  type ApprovedSite,
  approvalBytes,
  decodeApproved,
  encodeApproved,
  faultOfStep,
  faultOfSuccessor,
  quorumOf,
  type Site,
  type VerifyOf,
  verifyWithKeys,
  votersOf,
} from "../management/index.ts";
import type { Write } from "../store/port.ts";
import { MAX_DOCUMENT_BYTES, type ManagementMessage } from "./wire.ts";

/** Texts that are kept: one a gateway counts for, and the least supported goes when there are more. */
const MAX_DOCUMENTS = 16;
const MAX_APPROVED = 4;
const ASK_EVERY_MS = 100;
/** Under this key the store keeps what must outlive a restart, until the next epoch begins. */
export const SUCCESSORS_KEY = "successors";

export type PendingSuccessor = {
  readonly site: Site;
  /** Places of the gateways that approved. */
  readonly approvers: readonly GatewayIndex[];
  readonly approved: boolean;
};

export type Successors = {
  /** Offers and approves of it, as this gateway's operator wants. A text says why that cannot be. */
  readonly propose: (site: Site) => string | null;
  readonly approve: (hash: Hash) => string | null;
  readonly receive: (from: GatewayIndex, message: Exclude<ManagementMessage, { kind: "epoch" }>) => void;
  /** A block names it: it is asked of one peer after the other. */
  readonly wanted: (hash: Hash) => void;
  readonly linkUp: (peer: GatewayIndex) => void;
  readonly approved: (hash: Hash) => ApprovedSite | undefined;
  readonly pending: () => readonly PendingSuccessor[];
};

export type SuccessorsOptions = {
  /** Every configuration that was ever in force; the last one is. */
  readonly lineage: readonly ApprovedSite[];
  readonly self: GatewayIndex;
  /** Signs with the own key; null = this gateway has no vote. */
  readonly sign: ((message: Uint8Array) => Uint8Array) | null;
  readonly verify: VerifyOf | undefined;
  /** What the store kept, and what SITE.json knows. */
  readonly stored: Uint8Array | null;
  readonly known: readonly ApprovedSite[];
  readonly send: (to: "all" | GatewayIndex, message: ManagementMessage) => void;
  readonly write: (write: Write) => void;
  /** One more is approved and held. */
  readonly onApproved: (hash: Hash) => void;
  readonly reject: (from: GatewayIndex, reason: string) => void;
  readonly nowMs: () => number;
};

export function makeSuccessors(options: SuccessorsOptions): Successors {
  const { lineage, self, send } = options;
  const sites = lineage.map(({ site }) => site);
  const current = sites.at(-1) as Site;
  const voters = votersOf(current);
  /** The last one of each gateway. */
  const approvals = new Map<GatewayIndex, { readonly hash: Hash; readonly signature: Uint8Array }>();
  const documents = new Map<Hash, Site>();
  const approved = new Map<Hash, ApprovedSite>();
  const askedAtMs = new Map<Hash, number>();
  let asked = 0;
  /** Texts that each peer was asked for and has not given: an unasked one, which costs much to read, is not even looked at. */
  const owed = new Map<GatewayIndex, number>();

  const supportersOf = (hash: Hash): readonly Signed[] =>
    [...approvals].flatMap(([voter, { hash: of, signature }]) => (of === hash ? [{ voter, signature }] : []));

  function persist(): void {
    const own = approvals.get(self);
    const site = own === undefined ? undefined : documents.get(own.hash);
    const kept = [...approved.values()];
    if (own !== undefined && site !== undefined)
      kept.push({ site, approvals: [{ voter: self, signature: own.signature }] });
    options.write({ kind: "memo", key: SUCCESSORS_KEY, bytes: packed(kept) });
  }

  function keepApproved(one: ApprovedSite): void {
    const { configHash } = one.site;
    if (approved.has(configHash)) return;
    approved.set(configHash, one);
    for (const [oldest] of approved) if (approved.size > MAX_APPROVED) approved.delete(oldest);
    persist();
    options.onApproved(configHash);
  }

  function keepDocument(site: Site): void {
    documents.set(site.configHash, site);
    const least = [...documents.keys()]
      .filter((hash) => hash !== approvals.get(self)?.hash)
      .sort((a, b) => supportersOf(a).length - supportersOf(b).length)[0];
    if (documents.size > MAX_DOCUMENTS && least !== undefined) documents.delete(least);
    settle(site.configHash);
  }

  /** G10. */
  function settle(hash: Hash): void {
    const site = documents.get(hash);
    const supporters = supportersOf(hash);
    if (site !== undefined && supporters.length >= quorumOf(voters.length))
      keepApproved({ site, approvals: supporters });
  }

  function count(voter: GatewayIndex, hash: Hash, signature: Uint8Array): void {
    const before = approvals.get(voter)?.hash;
    approvals.set(voter, { hash, signature });
    if (before !== undefined && before !== hash && supportersOf(before).length === 0) documents.delete(before);
    settle(hash);
  }

  const signedBy = (voter: GatewayIndex, hash: Hash, signature: Uint8Array): boolean =>
    (options.verify ?? verifyWithKeys)(current, voter, approvalBytes(current, hash), signature);

  function onApproval(from: GatewayIndex, hash: Hash, signature: Uint8Array): void {
    if (!voters.includes(from) || approvals.get(from)?.hash === hash) return;
    if (!signedBy(from, hash, signature))
      return options.reject(from, "an approval of a configuration that it did not sign");
    count(from, hash, signature);
    if (!documents.has(hash)) ask(from, hash);
  }

  function onRequest(from: GatewayIndex, hash: Hash): void {
    const site = documents.get(hash);
    const one =
      approved.get(hash) ??
      lineage.find((earlier) => earlier.site.configHash === hash) ??
      (site === undefined ? undefined : { site, approvals: supportersOf(hash) });
    if (one !== undefined) send(from, { kind: "successor", document: encodeApproved(one) });
  }

  function ask(peer: GatewayIndex, hash: Hash): void {
    owed.set(peer, Math.min(MAX_DOCUMENTS, (owed.get(peer) ?? 0) + 1));
    send(peer, { kind: "successorRequest", hash });
  }

  function onDocument(from: GatewayIndex, bytes: Uint8Array): void {
    const expected = owed.get(from) ?? 0;
    if (expected === 0) return;
    owed.set(from, expected - 1);
    const one = decodeApproved(bytes);
    if (one === null) return options.reject(from, "a configuration that is none");
    const { configHash } = one.site;
    // Late, or of an epoch that is not here yet: no fault of its sender's.
    if (approved.has(configHash) || faultOfSuccessor(sites, one.site) !== null) return;
    if (faultOfStep(lineage, one, options.verify) === null) return keepApproved(one);
    if (supportersOf(configHash).length > 0) keepDocument(one.site);
  }

  for (const one of [...unpacked(options.stored), ...options.known]) {
    if (faultOfSuccessor(sites, one.site) !== null) continue;
    if (faultOfStep(lineage, one, options.verify) === null) approved.set(one.site.configHash, one);
    const own = one.approvals.find(({ voter }) => voter === self);
    if (own === undefined || !signedBy(self, one.site.configHash, own.signature)) continue;
    approvals.set(self, { hash: one.site.configHash, signature: own.signature });
    documents.set(one.site.configHash, one.site);
  }

  return {
    propose: (site) => {
      const fault = faultOfSuccessor(sites, site) ?? faultOfSize(site);
      if (fault !== null) return fault;
      keepDocument(site);
      return approve(site.configHash);
    },
    approve,
    receive: (from, message) => {
      switch (message.kind) {
        case "approval":
          return onApproval(from, message.hash, message.signature);
        case "successorRequest":
          return onRequest(from, message.hash);
        case "successor":
          return onDocument(from, message.document);
      }
    },
    wanted: (hash) => {
      const peers = voters.filter((voter) => voter !== self);
      const before = askedAtMs.get(hash);
      const peer = peers[asked % peers.length];
      if (peer === undefined || approved.has(hash)) return;
      if (before !== undefined && options.nowMs() - before < ASK_EVERY_MS) return;
      if (askedAtMs.size >= MAX_DOCUMENTS) askedAtMs.clear();
      askedAtMs.set(hash, options.nowMs());
      asked += 1;
      ask(peer, hash);
    },
    linkUp: (peer) => {
      const own = approvals.get(self);
      if (own !== undefined) send(peer, { kind: "approval", ...own });
    },
    approved: (hash) => approved.get(hash),
    pending: () =>
      [...new Map([...documents, ...[...approved].map(([hash, { site }]) => [hash, site] as const)])].map(
        ([hash, site]) => ({
          site,
          approvers: (approved.get(hash)?.approvals ?? supportersOf(hash)).map(({ voter }) => voter),
          approved: approved.has(hash),
        }),
      ),
  };

  function approve(hash: Hash): string | null {
    if (options.sign === null) return "this gateway has no vote in the site.";
    const site = documents.get(hash) ?? approved.get(hash)?.site;
    if (site === undefined) return "nobody has proposed that configuration here.";
    const signature = options.sign(approvalBytes(current, hash));
    documents.set(hash, site);
    count(self, hash, signature);
    persist();
    send("all", { kind: "approval", hash, signature });
    return null;
  }
}

/** With the approvals of all. */
function faultOfSize(site: Site): string | null {
  const approvals = site.gateways.map((_, voter) => ({ voter, signature: new Uint8Array(64) }));
  const { length } = encodeApproved({ site, approvals });
  return length <= MAX_DOCUMENT_BYTES
    ? null
    : `it has ${length} bytes with its approvals, and gateways tell each other at most ${MAX_DOCUMENT_BYTES}: register fewer devices.`;
}

function packed(all: readonly ApprovedSite[]): Uint8Array {
  return encode(all.map(encodeApproved));
}

function unpacked(bytes: Uint8Array | null): readonly ApprovedSite[] {
  if (bytes === null) return [];
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept" && Array.isArray(decoded.value), "the store holds successors that do not decode");
  return (decoded.value as readonly CborValue[]).map((each) => {
    const one = each instanceof Uint8Array ? decodeApproved(each) : null;
    invariant(one !== null, "the store holds a successor that does not decode");
    return one;
  });
}
