/**
 * R9 (rules E): what gateways sign is watched, and whoever signs what no honest gateway signs leaves evidence: on this disk, with the
 * peers, and in the status.
 */
import { type Bundle, openBundle } from "../bundle/index.ts";
import { type Committee, type GatewayIndex, type Hash, invariant } from "../committee/index.ts";
import { sha256, toHex } from "../crypto/index.ts";
import {
  type Court,
  encodeEvidence,
  type EvidenceMessage,
  type Fault,
  makeWitness,
  type Offence,
  openEvidence,
  type Shown,
  showFalsehood,
  type Suspicion,
  type Topic,
  verifyEvidence,
  type Word,
} from "../evidence/index.ts";
import type { Recovered, Store, Write } from "../store/port.ts";
import type { Accusation } from "./types.ts";
import type { AnyMessage } from "./wire.ts";
import { bundleWord, wordsOf } from "./words.ts";

/** Of each fault of each gateway; the store keeps no more, either (S7). */
const KEPT_EACH = 16;
/** Files told to a peer whose link comes up, the newest. */
const TOLD = 16;
/** False bundles whose acks are recognised; proposals that are held against votes; whom something was disclosed to. */
const FALSE_BUNDLES = 64;
const PROPOSALS = 64;
const DISCLOSURES = 1024;

export type Accusations = {
  /** E7: whatever came, after the rules have dealt with it. */
  readonly observe: (from: GatewayIndex, message: AnyMessage) => void;
  /** E7: a bundle of this disk, of which nobody can have told. */
  readonly remember: (cose: Uint8Array) => void;
  /** E5: this gateway refused a bundle of an owner. */
  readonly refused: (owner: GatewayIndex, bundle: Bundle) => void;
  /** E9: tells a peer that has come back. */
  readonly linkUp: (peer: GatewayIndex) => void;
  /** What was said in the epoch before contradicts nothing that is said in this one. */
  readonly beginEpoch: () => void;
  /** All that is kept, oldest first. */
  readonly list: () => readonly Accusation[];
};

export type AccusationsOptions = {
  /** In force. */
  readonly committee: () => Committee;
  /** Of any epoch that has begun; null = of none. */
  readonly courtIn: (epoch: number) => Court | null;
  readonly store: Pick<Store, "bundles">;
  readonly recovered: Recovered["evidence"];
  readonly write: (write: Write) => void;
  /** Runs when all that was written is on disk. */
  readonly behind: (action: () => void) => void;
  readonly send: (to: GatewayIndex, message: EvidenceMessage) => void;
  readonly rejected: (from: GatewayIndex, reason: string) => void;
  readonly told: (accusation: Accusation) => void;
  readonly turn: (act: () => void) => void;
  readonly watch: (work: Promise<void>) => void;
};

export function makeAccusations(options: AccusationsOptions): Accusations {
  let committee = options.committee();
  let court = courtInForce();
  let witness = makeWitness(court);
  const kept: Accusation[] = [];
  const ids = new Set<string>();
  let telling: readonly { readonly accused: GatewayIndex; readonly file: Uint8Array }[] = [];
  const falseBundles = new Map<Hash, readonly Shown[]>();
  /** The first proposal of each gateway for a view: who leads it is not this code's to know. */
  const proposals = new Map<number, ReadonlyMap<GatewayIndex, Word>>();
  const disclosed = new Set<string>();

  function courtInForce(): Court {
    const found = options.courtIn(committee.epoch);
    invariant(found !== null, `E3: there is no court for epoch ${committee.epoch}`);
    return found;
  }

  function keep(accusation: Accusation, file: Uint8Array): void {
    ids.add(accusation.id);
    kept.push(accusation);
    telling = [...telling, { accused: accusation.gateway, file }].slice(-TOLD);
  }

  function alike(gateway: GatewayIndex, fault: string): readonly Accusation[] {
    return kept.filter((one) => one.gateway === gateway && one.fault === fault);
  }

  /** E6: kept once, and only when it convinces this gateway as it would anybody. Answers what is wrong with it. */
  function take(file: Uint8Array, gateway: GatewayIndex, fault: Fault, from: GatewayIndex | null): string | null {
    const id = toHex(sha256(file));
    const before = alike(gateway, fault);
    // Before anything is verified: who has been convicted often enough costs nothing more.
    if (ids.has(id) || before.length >= KEPT_EACH) return null;
    const verified = verifyEvidence(file, options.courtIn);
    if (verified.kind === "invalid") return `${verified.check}: ${verified.reason}`;
    const about = verified.deed;
    if (before.some((one) => one.about === about)) return null;
    const accusation = { id, gateway, fault, about };
    keep(accusation, file);
    options.write({ kind: "evidence", gateway, fault, about, bytes: file });
    options.behind(() => options.told(accusation));
    // Who found it tells all others; that they told each other again would not make it truer.
    if (from === null) for (const peer of committee.names.keys()) tell(peer, gateway, file);
    return null;
  }

  function tell(peer: GatewayIndex, accused: GatewayIndex, file: Uint8Array): void {
    if (peer !== committee.self && peer !== accused) options.send(peer, { kind: "evidence", file });
  }

  function accuse({ gateway, offence }: Suspicion): void {
    const label = labelOf(offence);
    const name = label?.names[gateway];
    // What this gateway signed is known to itself better than to anybody (A9).
    if (label === null || name === undefined || gateway === committee.self) return;
    const { site, epoch, configHash } = label;
    take(encodeEvidence({ site, epoch, configHash, gateway: name, offence }), gateway, offence.kind, null);
  }

  /** L12: a bundle may be of an epoch before; everything else that is looked at is of this one. */
  function labelOf(offence: Offence): Court | null {
    const cose =
      offence.kind === "two-bundles" ? offence.bundles[0] : "shown" in offence ? offence.shown.at(-1)?.cose : undefined;
    const opened = cose === undefined ? null : openBundle(cose, null);
    return opened?.kind === "accept" ? options.courtIn(opened.bundle.header.epoch) : court;
  }

  function observe(from: GatewayIndex, message: AnyMessage): void {
    if (message.layer === "evidence" && message.message.kind === "evidence") return receive(from, message.message.file);
    const { words, choruses } = wordsOf(committee, from, message);
    for (const word of words) {
      if (word.signer === committee.self) continue;
      const heard = word.signer === from && message.layer !== "evidence";
      for (const suspicion of heard ? witness.hear(word) : witness.compare(word)) accuse(suspicion);
      if (heard) {
        if (word.topic.kind === "propose") rememberProposal(word, word.topic.view);
        disclose(from, word.topic, word.value);
        accuseOfAck(word);
      }
    }
    for (const chorus of choruses) {
      for (const suspicion of witness.hearChorus(chorus)) accuse(suspicion);
      disclose(from, chorus.topic, chorus.value);
      const { topic, value } = chorus;
      if (falseBundles.has(value))
        for (const { voter, signature } of chorus.signatures)
          accuseOfAck({ signer: voter, topic, value, proof: signature });
    }
  }

  /** E9: a file from a peer. */
  function receive(from: GatewayIndex, file: Uint8Array): void {
    const opened = openEvidence(file);
    if (opened.kind === "reject") return options.rejected(from, `evidence that cannot be read: ${opened.reason}`);
    const { epoch, gateway, offence } = opened.evidence;
    // An epoch that has not begun here is no fault of who tells of it.
    if (options.courtIn(epoch) === null) return;
    const reason = take(file, committee.names.indexOf(gateway), offence.kind, from);
    if (reason !== null) options.rejected(from, `evidence that does not hold: ${reason}`);
  }

  function rememberProposal(word: Word, view: number): void {
    const known = proposals.get(view);
    if (known === undefined) bounded(proposals, PROPOSALS).set(view, new Map([[word.signer, word]]));
    else if (!known.has(word.signer)) proposals.set(view, new Map(known).set(word.signer, word));
  }

  /**
   * E8: a peer speaks of another block or bundle than the one that its leader or owner showed here: the two halves of an equivocation
   * meet. The peer gets the half that it has not seen, and has the pair.
   */
  function disclose(to: GatewayIndex, topic: Topic, value: Hash): void {
    if (topic.kind === "notarize") {
      for (const { signer, value: hash, proof } of proposals.get(topic.view)?.values() ?? []) {
        if (hash === value || !isFirstTold(`${to} ${signer} view ${topic.view}`)) continue;
        options.send(to, { kind: "heardProposal", view: topic.view, hash, leader: signer, signature: proof });
      }
    } else if (topic.kind === "ack") {
      const bundle = witness.said(topic.lane, { kind: "bundle", epoch: court.epoch, number: topic.number });
      if (bundle === undefined || bundle.value === value) return;
      if (isFirstTold(`${to} ${topic.lane} bundle ${topic.number}`))
        options.send(to, { kind: "heardBundle", cose: bundle.proof });
    }
  }

  function isFirstTold(key: string): boolean {
    if (disclosed.has(key)) return false;
    bounded(disclosed, DISCLOSURES).add(key);
    return true;
  }

  function accuseOfAck({ signer, topic, value, proof }: Word): void {
    const shown = topic.kind === "ack" ? falseBundles.get(value) : undefined;
    if (shown !== undefined) accuse({ gateway: signer, offence: { kind: "false-ack", signature: proof, shown } });
  }

  /** E5: what this gateway refused is evidence when it breaks a rule that needs no model; otherwise the refusal is all there is. */
  async function prove(owner: GatewayIndex, bundle: Bundle): Promise<void> {
    const judge = options.courtIn(bundle.header.epoch) ?? court;
    const shown =
      showFalsehood(judge, owner, bundle, null) ?? showFalsehood(judge, owner, bundle, await parentOf(owner, bundle));
    if (shown === null) return;
    options.turn(() => {
      accuse({ gateway: owner, offence: { kind: "false-bundle", shown } });
      bounded(falseBundles, FALSE_BUNDLES).set(bundle.hash, shown);
      const topic = { kind: "ack", lane: owner, number: bundle.header.number } as const;
      for (const word of witness.sayers(topic, bundle.hash)) accuseOfAck(word);
    });
  }

  async function parentOf(owner: GatewayIndex, { header }: Bundle): Promise<Bundle | null> {
    if (header.number === 0) return null;
    const [held] = await options.store.bundles(owner, header.number - 1, 1);
    const opened = held?.hash === header.parent ? openBundle(held.cose, held.statements) : null;
    return opened?.kind === "accept" ? opened.bundle : null;
  }

  for (const { gateway, fault, about, bytes } of options.recovered)
    keep({ id: toHex(sha256(bytes)), gateway, fault, about }, bytes);

  return {
    observe,
    remember: (cose) => {
      for (const word of bundleWord(committee, cose).words)
        for (const suspicion of witness.hear(word)) accuse(suspicion);
    },
    refused: (owner, bundle) => options.behind(() => options.watch(prove(owner, bundle))),
    linkUp: (peer) => {
      for (const { accused, file } of telling) tell(peer, accused, file);
    },
    beginEpoch: () => {
      committee = options.committee();
      court = courtInForce();
      witness = makeWitness(court);
      falseBundles.clear();
      proposals.clear();
      disclosed.clear();
    },
    list: () => kept,
  };
}

/** Makes room for one more, at the cost of the oldest. */
function bounded<T extends Map<unknown, unknown> | Set<unknown>>(collection: T, limit: number): T {
  const [oldest] = collection.keys();
  if (collection.size >= limit) collection.delete(oldest);
  return collection;
}
