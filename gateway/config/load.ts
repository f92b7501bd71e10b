import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { currentOf, type Lineage, parseLineage, type Site } from "../../ledger/management/index.ts";
import { checkAgainstSite } from "./check.ts";
import { causeOf, GatewayFailure } from "./failures.ts";
import { type ConfigFault, parseConfig, type ParsedConfig } from "./parse.ts";
import type { GatewaySettings } from "./schema.ts";

export type GatewayConfig = {
  /** Absolute. */
  readonly dir: string;
  readonly settings: GatewaySettings;
  /** By SITE.json: every configuration of the site, the last of which is `site`. A gateway's store may know of later ones. */
  readonly lineage: Lineage;
  readonly site: Site;
  /** C6: what of gateway.yaml does not fit a configuration that the site has changed to. */
  readonly warnings: readonly string[];
  /** Position of this gateway in `site.gateways`. */
  readonly self: number;
};

export const CONFIG_FILE = "gateway.yaml";
export const SITE_FILE = "SITE.json";

/** C1: everything that configures the gateway of `dir`, with the SITE.json that is there or a newer one that is known. Throws CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_WRONG, SITE_MISSING, SITE_WRONG. */
export async function loadConfig(dir: string, known: Lineage | null = null): Promise<GatewayConfig> {
  const absolute = resolve(dir);
  const { path, settings, lineOf } = await parsedConfig(absolute);
  const lineage = known ?? (await loadLineage(join(absolute, SITE_FILE)));
  return configIn(absolute, settings, lineage, (site) => checkAgainstSite(settings, site, path, lineOf));
}

/** gateway.yaml alone, which may be ahead of what the site has agreed on. Throws CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_WRONG. */
export async function loadSettings(dir: string): Promise<GatewaySettings> {
  return (await parsedConfig(resolve(dir))).settings;
}

async function parsedConfig(
  dir: string,
): Promise<Extract<ParsedConfig, { kind: "accept" }> & { readonly path: string }> {
  const path = join(dir, CONFIG_FILE);
  const parsed = parseConfig(await readText(path, "CONFIG_MISSING"), path);
  if (parsed.kind === "accept") return { ...parsed, path };
  throw new GatewayFailure("CONFIG_WRONG", { sentences: parsed.faults.map((fault) => fault.sentence) });
}

/** C4, C6. */
function configIn(
  dir: string,
  settings: GatewaySettings,
  lineage: Lineage,
  check: (site: Site) => readonly ConfigFault[],
): GatewayConfig {
  const site = currentOf(lineage);
  const faults = check(site);
  // C6: others may have decided on devices and ledgers; that must not keep this gateway from starting.
  const isLate = ({ path }: ConfigFault): boolean => lineage.length > 1 && /^(devices|anchors)/.test(path);
  const wrong = faults.filter((fault) => !isLate(fault));
  if (wrong.length > 0) throw new GatewayFailure("CONFIG_WRONG", { sentences: wrong.map(({ sentence }) => sentence) });
  const self = site.gateways.findIndex(({ name }) => name === settings.gateway);
  const fits = (part: string) => (_: unknown, index: number) =>
    !faults.some(({ path }) => path.startsWith(`${part}.${index}.`));
  const devices = settings.devices.filter(fits("devices"));
  const anchors = settings.anchors.filter(fits("anchors"));
  const warnings = faults.map(({ sentence }) => sentence);
  return { dir, settings: { ...settings, devices, anchors }, lineage, site, warnings, self };
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
