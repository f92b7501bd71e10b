import { generateKey, type PrivateKey, sign, toHex } from "../../ledger/crypto/index.ts";
import {
  consistencyProof,
  cosign,
  formatCheckpoint,
  formatNote,
  leafHash,
  nodeHash,
  treeRoot,
  type VerifierKey,
} from "../../ledger/log/index.ts";
import { formatVkey, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";

type Gateway = { readonly name: string; readonly secret: PrivateKey; readonly checkpointKey: VerifierKey };

/** A site with its gateways' checkpoint keys and a log of made-up leaves, of which any prefix can be cosigned. */
export type SiteLog = {
  readonly site: Site;
  readonly origin: string;
  /** The checkpoint of the first `size` leaves, cosigned by the gateways with these indexes, one line each time named. */
  readonly note: (size: number, signers?: readonly number[]) => string;
  readonly consistency: (from: number, to: number) => Promise<readonly Uint8Array[]>;
};

export function siteLog(name: string, gateways = 4, history = "main"): SiteLog {
  const made = gatewaysOf(name, gateways);
  const leaf = (index: number): Uint8Array =>
    leafHash(new TextEncoder().encode(`${index < 5 ? "" : history} leaf ${index}`));
  const node = (level: number, index: number): Uint8Array =>
    level === 0 ? leaf(index) : nodeHash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1));
  const quorum = Math.ceil((gateways + Math.floor((gateways - 1) / 3) + 1) / 2);
  return {
    site: siteOf({
      site: name,
      epoch: 1,
      gateways: made.map((gateway) => ({
        name: gateway.name,
        key: formatVkey(verifierKey(`${name}/${gateway.name}`, 1, generateKey().publicKey)),
        checkpointKey: formatVkey(gateway.checkpointKey),
        tlsPin: toHex(gateway.secret.publicKey.raw),
      })),
      devices: [],
      ledgers: [],
      model: { sha256: "ab".repeat(32), toleranceMilli: 1 },
    }),
    origin: `tallystick/${name}`,
    note: (size, signers = Array.from({ length: quorum }, (_, index) => index)) => {
      const root = toHex(treeRoot(Array.from({ length: size }, (_, index) => leaf(index))));
      const body = formatCheckpoint({ origin: `tallystick/${name}`, size, root });
      const signatures = signers.map((index) => {
        const gateway = made[index];
        if (gateway === undefined) throw new Error(`no gateway ${index}`);
        return cosign(gateway.checkpointKey, (message) => sign(gateway.secret, message), body, 1_700_000_000);
      });
      return formatNote({ body, signatures });
    },
    consistency: (from, to) => Promise.resolve(consistencyProof(node, from, to)),
  };
}

const known = new Map<string, readonly Gateway[]>();

/** The same keys for the same site, so that a second history can be signed by the same gateways. */
function gatewaysOf(site: string, count: number): readonly Gateway[] {
  const kept = known.get(site);
  if (kept !== undefined) return kept;
  const made = Array.from({ length: count }, (_, index) => {
    const secret = generateKey();
    return { name: `g${index}`, secret, checkpointKey: verifierKey(`${site}/g${index}`, 4, secret.publicKey) };
  });
  known.set(site, made);
  return made;
}
