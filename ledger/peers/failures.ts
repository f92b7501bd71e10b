/** What can go wrong in the world of the peer links, with the one thing that helps. */
type Failures = {
  PEERS_PORT_BUSY: { readonly host: string; readonly port: number };
  PEERS_ADDRESS_UNUSABLE: { readonly host: string; readonly port: number; readonly cause: string };
  PEERS_IDENTITY_MISMATCH: { readonly gateway: string; readonly ours: string; readonly pinned: string };
};

export type PeersFailureCode = keyof Failures;

/** `retry`: the same start may work later. `restart`: mend what the sentence names, then start again. */
const remedies = {
  PEERS_PORT_BUSY: "retry",
  PEERS_ADDRESS_UNUSABLE: "restart",
  PEERS_IDENTITY_MISMATCH: "restart",
} as const satisfies Record<PeersFailureCode, "retry" | "restart">;

const sentences: { readonly [C in PeersFailureCode]: (details: Failures[C]) => string } = {
  PEERS_PORT_BUSY: ({ host, port }) =>
    `The gateway cannot listen for its peers on ${host}:${port} because another program uses that port: stop that program or configure another peer port.`,
  PEERS_ADDRESS_UNUSABLE: ({ host, port, cause }) =>
    `The gateway cannot listen for its peers on ${host}:${port} (${cause}): configure an address of this machine and a port it may open.`,
  PEERS_IDENTITY_MISMATCH: ({ gateway, ours, pinned }) =>
    `The TLS certificate of this gateway (pin ${ours.slice(0, 12)}) is not the one that the site pins for ${gateway} (${pinned.slice(0, 12)}): restore the certificate or have the site issue a configuration with the new pin.`,
};

export class PeersFailure<C extends PeersFailureCode = PeersFailureCode> extends Error {
  readonly code: C;
  readonly remedy: "retry" | "restart";
  readonly details: Failures[C];

  constructor(code: C, details: Failures[C]) {
    super(sentences[code](details));
    this.name = "PeersFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}
