/** What a replica needs from its surroundings, and what it gives. */
import type { Committee, GatewayIndex, Hash } from "../committee/index.ts";
import type { State } from "../agreement/index.ts";
import type { Falsehood } from "../evidence/index.ts";
import type { Lanes, Verdict } from "../lane/index.ts";
import type { Lineage, Site } from "../management/index.ts";
import type { PendingSuccessor } from "./successors.ts";
import type { Assessment, Measurement, Statement } from "../statement/index.ts";
import type { Execution, Recovered, Store, Write } from "../store/port.ts";
import type { VerifyCosignature } from "./checkpoints.ts";
import type { openMessage } from "./wire.ts";

/** The gateway's secrets, as functions. */
export type Keys = {
  /** Ed25519 with the gateway's key: bundles, acks, votes, proposals. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** The verifiable random function with the same key: reveals (A12). */
  readonly prove: Committee["prove"];
  /** COSE key id of that key: 8 bytes. */
  readonly keyId: Uint8Array;
  /** Ed25519 with the checkpoint key: cosignatures, nothing else. */
  readonly cosign: (message: Uint8Array) => Uint8Array;
};

export type Draft = {
  readonly measurement: Measurement;
  readonly assessment: Assessment;
  /** Under which it was checked, and which its bundle will name; default: the one in force when it is sealed. */
  readonly site?: Site;
  /** What must become durable together with the statement, now that its number is known. */
  readonly writes: (number: number) => readonly Write[];
};

export type Refusal = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly by: GatewayIndex;
  readonly reason: string;
};
/** R9: evidence against a gateway. `id` is the SHA-256 of its file; `about` completes the sentence that begins with the gateway's name. */
export type Accusation = {
  readonly id: Hash;
  readonly gateway: GatewayIndex;
  readonly fault: string;
  readonly about: string;
};

/** R8: a peer that cost too much is not heard for `restMs` from now; `times`: how often that has happened. */
export type CutOff = { readonly restMs: number; readonly reason: string; readonly times: number };

export type PeerConduct = {
  /** R6: messages that no honest gateway sends, and why the last of them was refused. */
  readonly rejects: number;
  readonly last: string | null;
  readonly cutOffs: number;
  /** Null while the peer is heard. */
  readonly cutOff: CutOff | null;
};

export type ReplicaEvents = {
  readonly executed: (execution: Extract<Execution, { kind: "executed" }>) => void;
  readonly checkpoint: (checkpoint: { readonly size: number; readonly root: Hash; readonly note: string }) => void;
  readonly anchored: (anchor: { readonly ledger: string; readonly size: number }) => void;
  readonly refusal: (refusal: Refusal) => void;
  readonly evidence: (accusation: Accusation) => void;
  /** R8: close the link to this peer, and keep it closed for so long; it is not heard in any case. */
  readonly cutOff: (peer: GatewayIndex, cutOff: CutOff) => void;
  /** R11: an epoch began, or was found begun at the start; the last configuration is in force. */
  readonly configured?: (lineage: Lineage) => void;
  /** The gateway must stop: it is unsure, and a gateway that is unsure must not sign. */
  readonly halted: (error: Error) => void;
};

export type ReplicaOptions = {
  /** The first configuration of the site: that of the first start, when the store is empty. */
  readonly site: Site;
  /** R11: SITE.json with its history; what it knows beyond the store need not be asked of peers. */
  readonly known?: Lineage;
  /** In the newest configuration; for ever (G9). */
  readonly self: GatewayIndex;
  readonly store: Store;
  readonly recovered: Recovered;
  /** Best effort; what is lost is repaired by the rules. */
  readonly send: (to: GatewayIndex, message: Uint8Array) => void;
  /** Bytes that wait on the link to a peer. */
  readonly queuedBytes: (to: GatewayIndex) => number;
  /** Unix milliseconds, to be written down. May jump either way, or stand still. */
  readonly now: () => number;
  /** Milliseconds that only grow, whatever becomes of the calendar clock: all waiting is measured with it. */
  readonly steady: () => number;
  /** Runs after so many milliseconds; the result cancels. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly keys: Keys;
  /** R11: the keys that belong to a configuration, null when they are not here; the default is `keys` for all. */
  readonly keysOf?: (site: Site) => Keys | null;
  /** Whether a gateway's Ed25519 signature holds; the default checks with the keys of the site. */
  readonly verify?: (...check: [...Parameters<Committee["verify"]>, site: Site]) => boolean;
  /** Whether a gateway's reveal holds; the same. */
  readonly verifyReveal?: (...check: [...Parameters<Committee["verifyReveal"]>, site: Site]) => Uint8Array | null;
  /** The same for cosignatures and checkpoint keys. */
  readonly verifyCosignature?: VerifyCosignature;
  /** Takes a message apart; a simulation hands the same bytes to many, and does it once. */
  readonly open?: typeof openMessage;
  /** L3, last condition: device registration, range, frames, re-assessment. */
  readonly validate: (lane: GatewayIndex, statements: readonly Statement[], site: Site) => Promise<Verdict>;
  /** E5: the part of `validate` that anybody can repeat; the default finds nothing. What it finds, `validate` must refuse. */
  readonly falsehood?: (...check: [...Parameters<Falsehood>, site: Site]) => string | null;
  readonly events: ReplicaEvents;
};

export type LaneStatus = {
  readonly gateway: string;
  /** Bundles on disk here, certified, finalized, executed: counts. */
  readonly held: number;
  readonly certified: number;
  readonly finalized: number;
  readonly executed: number;
};

export type ReplicaStatus = {
  readonly epoch: number;
  /** R12. */
  readonly successors: readonly PendingSuccessor[];
  /** Own bundles whose statements wait to be signed with another key (R13). */
  readonly unsealed: number;
  readonly view: number;
  readonly finalizedView: number;
  /** Of the current view, and what the chain's end says that later leaders are drawn from (A12). */
  readonly leader: string;
  readonly seed: Hash;
  readonly lanes: readonly LaneStatus[];
  readonly log: { readonly size: number; readonly root: Hash; readonly statements: number };
  readonly checkpoint: { readonly size: number; readonly root: Hash } | null;
  readonly anchoredSize: number;
  /** Statements of this gateway's own lane. */
  readonly counts: { readonly accepted: number; readonly final: number; readonly anchored: number };
  readonly refusals: number;
  /** By gateway. */
  readonly conduct: readonly PeerConduct[];
  readonly queues: Readonly<Record<string, number>>;
  readonly viewsNullified: number;
  readonly halted: string | null;
};

export type Replica = {
  readonly receive: (from: GatewayIndex, message: Uint8Array) => void;
  readonly linkUp: (peer: GatewayIndex) => void;
  readonly linkDown: (peer: GatewayIndex) => void;
  /** R8: the link itself saw what no honest gateway does. */
  readonly misbehaved: (peer: GatewayIndex, reason: string) => void;
  /**
   * Numbers, seals, signs and fsyncs a statement in a group commit, then resolves (promise 1). Rejects with `QueueFull`
   * when more than 10,000 wait: the caller tells its device to try again.
   */
  readonly accept: (draft: Draft) => Promise<{ readonly number: number }>;
  /** Why nothing can be accepted now, as a sentence; null = it can. */
  readonly closed: () => string | null;
  /** R12: offers and approves of a successor, as this gateway's operator wants. A text says why that cannot be. */
  readonly propose: (site: Site) => string | null;
  readonly approve: (hash: Hash) => string | null;
  /** Every configuration that was in force; the last one is. */
  readonly lineage: () => Lineage;
  /** The anchor client has the countersignature of a shared ledger: `note` carries it. */
  readonly anchored: (ledger: string, size: number, note: string) => void;
  readonly status: () => ReplicaStatus;
  /** R9: all evidence that is kept, oldest first. */
  readonly evidence: () => readonly Accusation[];
  /** The states of the cores, for a simulator that holds them against their rules and bounds. */
  readonly inspect: () => { readonly lanes: Lanes; readonly agreement: State };
  /** Resolves when everything handed over before is on disk. Nothing is sent afterwards. */
  readonly stop: () => Promise<void>;
};
