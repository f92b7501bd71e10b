import { parseNote } from "../../log/index.ts";
import {
  type Lineage,
  lineageJson,
  originOf,
  parseLineage,
  quorumOf,
  siteKeys,
  votersOf,
} from "../../management/index.ts";
import { LedgerFailure } from "./failures.ts";
import { type Policy, type Signers, signedBy } from "./judge.ts";
import type { Records } from "./records.ts";

/** E3, E8: the sites of a ledger, whose histories may grow while it runs. */
export type KnownSites = {
  readonly origins: readonly string[];
  readonly of: (origin: string) => Policy | null;
  /** Takes SITE.json from anybody; the answer to give. */
  readonly learn: (json: string) => { readonly status: 200 | 400 | 403 | 404; readonly words: string };
  /** A checkpoint that the gateways of configuration `by` signed is on record. */
  readonly recorded: (origin: string, by: number) => void;
};

type Known = { lineage: Lineage; signers: readonly Signers[]; since: number };

/** Of each site the longer of the history that was given and the one that was learnt. Throws LEDGER_RECORDS_UNUSABLE. */
export function knownSites(given: readonly Lineage[], records: Records, dir: string): KnownSites {
  const sites = new Map<string, Known>();
  for (const lineage of given) {
    const origin = originOf(lineage[0].site.site);
    const text = records.site(origin);
    const kept = text === null ? lineage : parsedLineage(text);
    const cause =
      typeof kept === "string"
        ? `the SITE.json of ${origin} in them cannot be read: ${kept}`
        : `they know a history of ${origin} that SITE.json contradicts`;
    if (typeof kept === "string" || !(continues(kept, lineage) || continues(lineage, kept)))
      throw new LedgerFailure("LEDGER_RECORDS_UNUSABLE", { path: dir, cause });
    sites.set(origin, known(kept.length > lineage.length ? kept : lineage, 0));
  }
  for (const [origin, site] of sites) {
    const latest = records.latest(origin);
    const note = latest === null ? null : parseNote(latest.note);
    if (note?.kind === "accept") site.since = signedBy({ origin, ...site }, note.note) ?? 0;
  }

  return {
    origins: [...sites.keys()],
    of: (origin) => {
      const site = sites.get(origin);
      return site === undefined ? null : { origin, ...site };
    },
    learn: (text) => {
      const parsed = parsedLineage(text);
      if (typeof parsed === "string") return { status: 400, words: `SITE.json cannot be read: ${parsed}` };
      const origin = originOf(parsed[0].site.site);
      const site = sites.get(origin);
      if (site === undefined) return { status: 404, words: "no site with this origin is registered here" };
      if (continues(parsed, site.lineage) && parsed.length > site.lineage.length) {
        records.putSite(origin, JSON.stringify(lineageJson(parsed)));
        sites.set(origin, known(parsed, site.since));
      } else if (!continues(site.lineage, parsed)) {
        return { status: 403, words: "this history does not continue the one that is known here" };
      }
      return { status: 200, words: `epoch ${sites.get(origin)?.lineage.at(-1)?.site.epoch} is known` };
    },
    recorded: (origin, by) => {
      const site = sites.get(origin);
      if (site !== undefined) site.since = Math.max(site.since, by);
    },
  };
}

function known(lineage: Lineage, since: number): Known {
  const signers = lineage.map(({ site }): Signers => {
    const voters = votersOf(site);
    const { gateways } = siteKeys(site);
    const keys = gateways.flatMap(({ checkpointKey }, index) => (voters.includes(index) ? [checkpointKey] : []));
    return { quorum: quorumOf(voters.length), keys };
  });
  return { lineage, signers, since };
}

function parsedLineage(text: string): Lineage | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  const parsed = parseLineage(json);
  return parsed.kind === "accept" ? parsed.lineage : parsed.reason;
}

/** Whether one history begins with the other. */
const continues = (longer: Lineage, shorter: Lineage): boolean =>
  shorter.every(({ site }, index) => longer[index]?.site.configHash === site.configHash);
