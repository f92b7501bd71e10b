/** The part of the site configuration that the links need (`Site` has this shape). */
export type PeersSite = {
  readonly site: string;
  readonly epoch: number;
  readonly configHash: string;
  readonly gateways: readonly { readonly name: string; readonly tlsPin: string; readonly left?: true }[];
};

export type PeersOptions = {
  /** P1: gateways of the site's first configuration; default: all. */
  readonly founders?: number;
  /** Index of this gateway in `site.gateways`. */
  readonly self: number;
  readonly site: PeersSite;
  /** Port 0 takes any free port; `status().listening` tells which. */
  readonly listen: { readonly host: string; readonly port: number };
  /** `host:port` by gateway; null where this gateway never dials (P1) or where it is not known. */
  readonly addresses: readonly (string | null)[];
  /** PEM, from `makeTlsIdentity`. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly events: {
    readonly message: (from: number, bytes: Uint8Array) => void;
    readonly up: (peer: number) => void;
    readonly down: (peer: number, reason: string) => void;
    /** P8: what came is nothing that an honest gateway sends; the link closes. */
    readonly misbehaved: (peer: number, reason: string) => void;
  };
  /** P6: bytes that may wait for one peer. Default 16 MiB, less above 17 gateways. */
  readonly maxQueueBytes?: number;
  /** P9: how long a pin that went is still let in. Default one minute. */
  readonly outgoingMs?: number;
  /** P5: default 1,000 ms; a dead peer is noticed after 3 to 4 ticks. */
  readonly tickMs?: number;
};

export type PeerStatus = {
  readonly gateway: string;
  readonly state: "self" | "up" | "down";
  /** Why it is down, as a sentence with the mend where there is one; null when up. */
  readonly reason: string | null;
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly queuedBytes: number;
  /** P6: messages not sent because the queue was full or the link down. */
  readonly droppedMessages: number;
  readonly timesUp: number;
};

export type PeersStatus = {
  readonly listening: { readonly host: string; readonly port: number };
  readonly peers: readonly PeerStatus[];
  /** P2: connections refused because no gateway of the site has that key. */
  readonly strangers: number;
  readonly lastStranger: string | null;
};
