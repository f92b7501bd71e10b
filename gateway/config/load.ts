import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { currentOf, type Lineage, parseLineage, type Site } from "../../ledger/management/index.ts";
import { checkAgainstSite } from "./check.ts";
import { causeOf, GatewayFailure } from "./failures.ts";
import { parseConfig } from "./parse.ts";
import type { GatewaySettings } from "./schema.ts";

export type GatewayConfig = {
  /** Absolute. */
  readonly dir: string;
  readonly settings: GatewaySettings;
  readonly site: Site;
  /** Position of this gateway in `site.gateways`. */
  readonly self: number;
};

export const CONFIG_FILE = "gateway.yaml";
export const SITE_FILE = "SITE.json";

/** C1: everything that configures the gateway of `dir`. Throws CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_WRONG, SITE_MISSING, SITE_WRONG. */
export async function loadConfig(dir: string): Promise<GatewayConfig> {
  const absolute = resolve(dir);
  const path = join(absolute, CONFIG_FILE);
  const parsed = parseConfig(await readText(path, "CONFIG_MISSING"), path);
  if (parsed.kind === "reject") {
    throw new GatewayFailure("CONFIG_WRONG", { sentences: parsed.faults.map((fault) => fault.sentence) });
  }
  const { settings } = parsed;
  const site = await loadSite(join(absolute, SITE_FILE));
  const faults = checkAgainstSite(settings, site, path, parsed.lineOf);
  if (faults.length > 0) throw new GatewayFailure("CONFIG_WRONG", { sentences: faults.map((fault) => fault.sentence) });
  return { dir: absolute, settings, site, self: site.gateways.findIndex(({ name }) => name === settings.gateway) };
}

/** Where the store of a gateway is: absolute. One reading of `store.path` for all who open it. */
export const storePathOf = ({ dir, settings }: GatewayConfig): string => resolve(dir, settings.store.path);

/** The configuration in force by SITE.json at `path`: see `loadLineage`. */
export async function loadSite(path: string): Promise<Site> {
  return currentOf(await loadLineage(path));
}

/** SITE.json at `path` with its history, every step of which is checked (G11). Throws SITE_MISSING, CONFIG_UNREADABLE, SITE_WRONG. */
export async function loadLineage(path: string): Promise<Lineage> {
  const text = await readText(path, "SITE_MISSING");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new GatewayFailure("SITE_WRONG", { path, reason: `it is not JSON (${causeOf(error)})` });
  }
  const parsed = parseLineage(json);
  if (parsed.kind === "reject") throw new GatewayFailure("SITE_WRONG", { path, reason: parsed.reason });
  return parsed.lineage;
}

async function readText(path: string, missing: "CONFIG_MISSING" | "SITE_MISSING"): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const cause = causeOf(error);
    if (cause === "ENOENT" || cause === "ENOTDIR") throw new GatewayFailure(missing, { path });
    throw new GatewayFailure("CONFIG_UNREADABLE", { path, cause });
  }
}
