import type { DeviceHealth } from "../../devices/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { FinalStatement, ReceiptAnswer } from "../../ledger/store/port.ts";
import type { EventBus } from "./event-bus.ts";
import type { Metrics } from "./metrics.ts";

/** What a gateway shows of itself at `/v1/status`. Times in Unix ms. */
export type GatewayStatus = {
  readonly site: string;
  /** Of the configuration in force. */
  readonly epoch: number;
  readonly gateway: string;
  readonly pid: number;
  readonly version: string;
  readonly view: number;
  readonly finalizedView: number;
  /** Who leads the current view, and the seed in hex from which later leaders are drawn (zeros before the first). */
  readonly leader: string;
  readonly seed: string;
  /** Leaves of the log (bundles), and its root in hex. */
  readonly logSize: number;
  readonly logRoot: string;
  readonly statements: number;
  readonly checkpoint: { readonly size: number; readonly root: string } | null;
  readonly anchoredSize: number;
  /** Statements of this gateway's own lane. */
  readonly counts: { readonly accepted: number; readonly final: number; readonly anchored: number };
  readonly lanes: readonly {
    readonly gateway: string;
    readonly held: number;
    readonly certified: number;
    readonly finalized: number;
    readonly executed: number;
  }[];
  readonly peers: readonly {
    readonly gateway: string;
    readonly connected: boolean;
    readonly reason: string | null;
    /** Messages that no honest gateway sends, and why the last one was not taken. */
    readonly rejected: number;
    readonly lastRejected: string | null;
    /** How often it was cut off because it cost too much, and until when (Unix ms) and why it is now. */
    readonly cutOffs: number;
    readonly cutOff: { readonly untilMs: number; readonly reason: string } | null;
  }[];
  readonly devices: readonly DeviceStatus[];
  readonly queues: Readonly<Record<string, number>>;
  readonly refusals: readonly {
    readonly lane: string;
    readonly number: number;
    readonly by: string;
    readonly reason: string;
  }[];
  /** The newest; `evidenceKept` counts all. */
  readonly evidence: readonly EvidenceShown[];
  readonly evidenceKept: number;
  readonly halted: string | null;
};

/** Evidence against a gateway: `about` completes the sentence that begins with its name; `id` asks for the file. */
export type EvidenceShown = {
  readonly id: string;
  readonly gateway: string;
  readonly fault: string;
  readonly about: string;
};

/** See `DeviceHealth`. */
export type DeviceStatus = Pick<
  DeviceHealth,
  | "protocol"
  | "state"
  | "place"
  | "serial"
  | "lastFrameAt"
  | "frames"
  | "refused"
  | "noiseBytes"
  | "lastBad"
  | "quarantine"
  | "lastError"
> & { readonly id: string; readonly station: string };

/** What is in force, and the successors that are proposed. */
export type ConfigurationShown = {
  readonly epoch: number;
  readonly configHash: string;
  readonly gateways: readonly { readonly name: string; readonly left: boolean }[];
  readonly approvalsNeeded: number;
  /** Own bundles that wait to be signed with another key. */
  readonly unsealed: number;
  readonly successors: readonly {
    readonly configHash: string;
    readonly changes: readonly string[];
    readonly approvedBy: readonly string[];
    readonly approved: boolean;
  }[];
};

/** What the API asks of the gateway. */
export type ApiPort = {
  /** The newest configuration that is known; another one later. */
  readonly site: Site;
  /** The same with its history: SITE.json. */
  readonly siteJson: () => object;
  readonly configuration: () => ConfigurationShown;
  /** Both answer why it cannot be, as a sentence; null = done. */
  readonly propose: (site: Site) => Promise<string | null>;
  readonly approve: (configHash: string) => Promise<string | null>;
  readonly gateway: string;
  readonly token: string;
  readonly status: () => Promise<GatewayStatus>;
  readonly statementsAfter: (index: number, limit: number) => Promise<readonly FinalStatement[]>;
  /** `index` null = not final yet. */
  readonly statement: (
    lane: number,
    number: number,
  ) => Promise<{ readonly bytes: Uint8Array; readonly index: number | null } | null>;
  readonly receipt: (lane: number, number: number) => Promise<ReceiptAnswer>;
  readonly twin: (item: string) => Promise<Uint8Array | null>;
  /** All that is kept, newest first. */
  readonly evidence: () => readonly EvidenceShown[];
  readonly evidenceFile: (id: string) => Promise<Uint8Array | null>;
  /** The newest checkpoint with a quorum of cosignatures, as a signed note. */
  readonly checkpointNote: () => string | null;
  /** The number accepted under a durable key. */
  readonly accepted: (key: string) => Promise<number | null>;
  /** Resolves after the fsync. Rejects with an error whose `remedy` is "retry" when nothing was accepted, "mend" when this very measurement never will be. */
  readonly submit: (measurement: Measurement, key: string | null) => Promise<{ readonly number: number }>;
  /** H11: what a device shows now is what it shall show. Null = this gateway has no such device. */
  readonly acknowledge: (device: string) => DeviceStatus | null;
  /** Why nothing can be accepted now; null = ready. */
  readonly notReady: () => string | null;
  /** Why this process should be restarted; null = alive. */
  readonly notAlive: () => string | null;
  /** A request met a bug or a broken store: for the log, never for the client (H1). */
  readonly failed: (error: Error) => void;
  readonly events: EventBus;
  readonly metrics: Metrics;
  readonly now: () => number;
};
