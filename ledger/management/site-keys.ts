import { parseVkey, type VerifierKey } from "../log/index.ts";
import type { Site } from "./site.ts";

/** The keys of a site, ready to verify with: gateways in the order of the site, so that a GatewayIndex finds its own. */
export type SiteKeys = {
  readonly gateways: readonly {
    readonly name: string;
    readonly key: VerifierKey;
    readonly checkpointKey: VerifierKey;
  }[];
  readonly ledgers: readonly VerifierKey[];
};

const known = new WeakMap<Site, SiteKeys>();

/** G6: the keys of a site that `parseSite` or `siteOf` made. Kept for each site, because admission is costly. Throws on any other. */
export function siteKeys(site: Site): SiteKeys {
  const kept = known.get(site);
  if (kept !== undefined) return kept;
  const keys: SiteKeys = {
    gateways: site.gateways.map(({ name, key, checkpointKey }) => ({
      name,
      key: keyOf(key),
      checkpointKey: keyOf(checkpointKey),
    })),
    ledgers: site.ledgers.map(({ key }) => keyOf(key)),
  };
  known.set(site, keys);
  return keys;
}

function keyOf(text: string): VerifierKey {
  const parsed = parseVkey(text);
  if (parsed.kind === "reject") throw new Error(`The site was not checked: ${parsed.reason}.`);
  return parsed.key;
}
