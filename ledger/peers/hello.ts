/**
 * P4: the first frame of both sides of a link. It is JSON and not the signed CBOR of the ledger because it must stay
 * readable between versions that agree on nothing else; nothing in it is trusted beyond "we would talk past each other".
 */
export type Hello = {
  readonly site: string;
  readonly epoch: number;
  /** sha256 hex of the site configuration. */
  readonly configHash: string;
  readonly gateway: string;
};

export function encodeHello(hello: Hello): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      tallystick: 1,
      site: hello.site,
      epoch: hello.epoch,
      configHash: hello.configHash,
      gateway: hello.gateway,
    }),
  );
}

export type HelloVerdict = { readonly kind: "accept" } | { readonly kind: "reject"; readonly reason: string };

/** Compares a peer's hello with ours. `expected` is the gateway whose TLS key the peer has proven to hold. */
export function checkHello(payload: Uint8Array, ours: Hello, expected: string): HelloVerdict {
  const theirs = decodeHello(payload);
  if (theirs === null)
    return reject(`${expected} does not speak this version of the peer protocol: update the older gateway`);
  if (theirs.site !== ours.site) {
    return reject(
      `${expected} belongs to the site ${show(theirs.site)}, this gateway to ${ours.site}: correct its address or its configuration`,
    );
  }
  if (theirs.gateway !== expected) {
    return reject(
      `${expected}'s TLS key is used by a gateway that calls itself ${show(theirs.gateway)}: correct its configuration`,
    );
  }
  // P9: who is in another epoch learns of it from what is said on the link.
  if (theirs.epoch === ours.epoch && theirs.configHash !== ours.configHash) {
    return reject(
      `${expected} runs another site configuration (epoch ${theirs.epoch}, ${show(theirs.configHash).slice(0, 12)}) than this gateway (epoch ${ours.epoch}, ${ours.configHash.slice(0, 12)}): give both the same SITE.json`,
    );
  }
  return { kind: "accept" };
}

function decodeHello(payload: Uint8Array): Hello | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    // Not JSON: another protocol or version, which is the caller's verdict to give.
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { tallystick, site, epoch, configHash, gateway } = value as Record<string, unknown>;
  if (tallystick !== 1 || typeof site !== "string" || typeof gateway !== "string") return null;
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || typeof configHash !== "string") return null;
  return { site, epoch, configHash, gateway };
}

function reject(reason: string): HelloVerdict {
  return { kind: "reject", reason };
}

/** What others say goes into status pages and logs: short, printable ASCII only. */
export function show(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
