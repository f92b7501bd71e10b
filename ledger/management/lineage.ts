/** G11: SITE.json with its history: every configuration that a site ever had, each approved by the one before. */
import { z } from "zod";
import type { Signed } from "../committee/index.ts";
import { fromHex, toHex } from "../crypto/index.ts";
import { parseSite } from "./parse.ts";
import type { Site } from "./site.ts";
import { approvalsHold, faultOfSuccessor, type VerifyOf, verifyWithKeys } from "./successor.ts";

/** A configuration, and the gateways of the one before that approved of it; the first one needs nobody. */
export type ApprovedSite = { readonly site: Site; readonly approvals: readonly Signed[] };

/** Oldest first; the last one is in force. Never empty. */
export type Lineage = readonly [ApprovedSite, ...ApprovedSite[]];

export type ParsedLineage =
  | { readonly kind: "accept"; readonly lineage: Lineage }
  | { readonly kind: "reject"; readonly reason: string };

const approvalShape = z.strictObject({ gateway: z.string(), signature: z.string().regex(/^[0-9a-f]{128}$/) });
const approvalsShape = z.array(approvalShape).max(500);
/** A site changes a few times a year. */
const MAX_HISTORY = 10_000;

export const currentOf = (lineage: Lineage): Site => (lineage.at(-1) as ApprovedSite).site;
export const sitesOf = (lineage: Lineage): readonly Site[] => lineage.map(({ site }) => site);

/** The lineage of a site that never changed, or whose history is somebody else's to know. */
export const lineageOf = (site: Site): Lineage => [{ site, approvals: [] }];

/** G11: reads SITE.json, already parsed as JSON, and checks every step of its history. Never throws. */
export function parseLineage(json: unknown, verifyOf: VerifyOf = verifyWithKeys): ParsedLineage {
  const { history, ...current } = (typeof json === "object" && json !== null ? json : {}) as { history?: unknown };
  if (history !== undefined && (!Array.isArray(history) || history.length === 0 || history.length > MAX_HISTORY))
    return rejected("history must list the earlier configurations, oldest first, or be absent.");
  const entries: readonly unknown[] = [...(history ?? []), current];
  const lineage: ApprovedSite[] = [];
  for (const [index, entry] of entries.entries()) {
    const where = index === entries.length - 1 ? "" : `history[${index}]: `;
    const read = readApproved(entry, lineage.at(-1)?.site ?? null);
    if (typeof read === "string") return rejected(`${where}${read}`);
    const fault = faultOfStep(lineage, read, verifyOf);
    if (fault !== null) return rejected(`${where}${fault}`);
    lineage.push(read);
  }
  return { kind: "accept", lineage: lineage as [ApprovedSite, ...ApprovedSite[]] };
}

/** G8-G10: why a configuration does not follow the last one of a lineage; null = it does. */
export function faultOfStep(
  lineage: readonly ApprovedSite[],
  { site, approvals }: ApprovedSite,
  verifyOf: VerifyOf = verifyWithKeys,
): string | null {
  const last = lineage.at(-1);
  // Cut off from its history a configuration is still one that somebody may be handed; it proves nothing of the past.
  if (last === undefined) return null;
  const earlier = lineage.map((one) => one.site);
  const fault = faultOfSuccessor(earlier, site);
  if (fault !== null) return fault;
  return approvalsHold(last.site, site.configHash, approvals, verifyOf)
    ? null
    : `no quorum of epoch ${last.site.epoch} approved of it: take SITE.json from a gateway that is up to date.`;
}

function readApproved(json: unknown, previous: Site | null): ApprovedSite | string {
  const { approvals, ...document } = (typeof json === "object" && json !== null ? json : {}) as { approvals?: unknown };
  const parsed = parseSite(document);
  if (parsed.kind === "reject") return parsed.reason;
  const shaped = approvalsShape.safeParse(approvals ?? []);
  if (!shaped.success) return "approvals must be a list of {gateway, signature (128 hex digits)}.";
  const names = (previous ?? parsed.site).gateways.map(({ name }) => name);
  return {
    site: parsed.site,
    approvals: shaped.data.map(({ gateway, signature }) => ({
      voter: names.indexOf(gateway) === -1 ? names.length : names.indexOf(gateway),
      signature: fromHex(signature) ?? new Uint8Array(),
    })),
  };
}

/** G11: what SITE.json says of a lineage; `parseLineage` gives it back. */
export function lineageJson(lineage: Lineage): object {
  const entries = lineage.map(({ site, approvals }, index) => {
    const approvers = lineage[index - 1]?.site.gateways ?? site.gateways;
    const named = approvals.map(({ voter, signature }) => ({
      gateway: approvers[voter]?.name ?? "",
      signature: toHex(signature),
    }));
    return named.length === 0 ? site : { ...site, approvals: named };
  });
  const history = entries.slice(0, -1);
  return history.length === 0 ? { ...entries.at(-1) } : { ...entries.at(-1), history };
}

function rejected(reason: string): ParsedLineage {
  return { kind: "reject", reason };
}

/** One configuration with its approvals as bytes, for disks and links. */
export function encodeApproved({ site, approvals }: ApprovedSite): Uint8Array {
  const signatures = approvals.map(({ voter, signature }) => [voter, toHex(signature)]);
  return new TextEncoder().encode(JSON.stringify({ site, approvals: signatures }));
}

const approvedShape = z.strictObject({
  site: z.unknown(),
  approvals: z.array(z.tuple([z.int().min(0).max(499), z.string().regex(/^[0-9a-f]{128}$/)])).max(500),
});

/** G3-G7 are checked; whether it follows anything, and the approvals, are not (`faultOfStep`). Null when it is something else. Never throws. */
export function decodeApproved(bytes: Uint8Array): ApprovedSite | null {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  const shaped = approvedShape.safeParse(json);
  const parsed = shaped.success ? parseSite(shaped.data.site) : null;
  if (!shaped.success || parsed?.kind !== "accept") return null;
  const approvals = shaped.data.approvals.map(([voter, hex]) => ({
    voter,
    signature: fromHex(hex) ?? new Uint8Array(),
  }));
  return { site: parsed.site, approvals };
}
