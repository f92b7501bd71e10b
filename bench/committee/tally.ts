/** What the messages and the milliseconds come to. */
export type Layer = "dissemination" | "agreement" | "checkpoint";

/** By a message's kind. */
const LAYERS: Readonly<Record<string, Layer>> = {
  bundle: "dissemination",
  ack: "dissemination",
  laneCertificate: "dissemination",
  tips: "dissemination",
  fetchBundles: "dissemination",
  refusal: "dissemination",
  propose: "agreement",
  vote: "agreement",
  certificate: "agreement",
  fetch: "agreement",
  block: "agreement",
  finalized: "agreement",
  cosignature: "checkpoint",
  checkpoint: "checkpoint",
  anchor: "checkpoint",
};

export type Tally = {
  readonly sent: (bytes: Uint8Array) => void;
  readonly accepted: (gateway: number, number: number, atMs: number) => void;
  readonly final: (gateway: number, first: number, count: number, atMs: number) => void;
  readonly executed: (gateway: number, bundles: number) => void;
  /** Counts from here on; latencies are of statements accepted from here on. */
  readonly reset: () => void;
  readonly figures: () => Figures;
};

export type Figures = {
  readonly messages: Readonly<Record<Layer, number>>;
  readonly kinds: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<Layer, number>>;
  readonly latenciesMs: readonly number[];
  /** Accepted and not yet final. */
  readonly open: number;
  /** Blocks that made the log grow, and bundles in them, at the first gateway. */
  readonly cuts: number;
  readonly bundles: number;
};

export function makeTally(): Tally {
  let messages = zero();
  let bytes = zero();
  let kinds: Record<string, number> = {};
  let acceptedAtMs = new Map<string, number>();
  let latenciesMs: number[] = [];
  let cuts = 0;
  let bundles = 0;
  return {
    sent: (message) => {
      const kind = kindOf(message);
      const layer = LAYERS[kind];
      if (layer === undefined) throw new Error(`a message of the unknown kind ${kind}`);
      messages[layer] += 1;
      bytes[layer] += message.length;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    },
    accepted: (gateway, number, atMs) => void acceptedAtMs.set(`${gateway}/${number}`, atMs),
    final: (gateway, first, count, atMs) => {
      for (let number = first; number < first + count; number += 1) {
        const key = `${gateway}/${number}`;
        const sinceMs = acceptedAtMs.get(key);
        // Accepted before the warm-up was over.
        if (sinceMs === undefined) continue;
        acceptedAtMs.delete(key);
        latenciesMs.push(atMs - sinceMs);
      }
    },
    executed: (gateway, count) => {
      if (gateway !== 0) return;
      cuts += 1;
      bundles += count;
    },
    reset: () => {
      messages = zero();
      bytes = zero();
      kinds = {};
      acceptedAtMs = new Map();
      latenciesMs = [];
      cuts = 0;
      bundles = 0;
    },
    figures: () => ({ messages, bytes, kinds, latenciesMs, open: acceptedAtMs.size, cuts, bundles }),
  };
}

function zero(): Record<Layer, number> {
  return { dissemination: 0, agreement: 0, checkpoint: 0 };
}

/** A message is a CBOR array that begins with the epoch, here 0, and its kind, a text of at most 23 letters. */
function kindOf(message: Uint8Array): string {
  const length = (message[2] ?? 0) & 0x1f;
  return String.fromCharCode(...message.subarray(3, 3 + length));
}
