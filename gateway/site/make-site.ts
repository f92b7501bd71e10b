import { mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeLedgerKey } from "../../ledger/anchor/index.ts";
import { type Site, siteOf } from "../../ledger/management/index.ts";
import { modelSha256, shippedModelPath } from "../assess/index.ts";
import { causeOf, CONFIG_FILE, GatewayFailure, loadSite, SITE_FILE } from "../config/index.ts";
import { createKeys, createMqttUsers, identityOf, loadKeys } from "../identity/index.ts";
import { gatewayYaml, replaceFile, writeGatewayYaml } from "./gateway-yaml.ts";
import { devicesOf, gatewayName, isSensor, ledgerName, type SitePlan, stationKind } from "./plan.ts";

export type MadeSite = {
  /** Absolute. */
  readonly dir: string;
  readonly site: Site;
  readonly gatewayDirs: readonly string[];
  readonly ledgerDir: string;
  /** False when the directory already held this site. */
  readonly created: boolean;
};

/** Predictions differ in the last bits between machines; a percent of the figure is far above that and far below any lie that pays. */
export const TOLERANCE_MILLI = 10;

/**
 * Creates the site of a plan in `dir`, or goes on with the one that is there: keys, numbers and records stay, ports follow the
 * plan. A creation that was interrupted is completed. Throws SITE_WRONG when another site or another number of gateways is there.
 */
export async function makeSite(dir: string, plan: SitePlan): Promise<MadeSite> {
  const root = resolve(dir);
  const ledgerDir = join(root, "ledger");
  const gatewayDirs = Array.from({ length: plan.gateways }, (_, index) => join(root, gatewayName(index)));
  const path = join(root, SITE_FILE);
  const created = !(await exists(path));
  if (created) await createSite(plan, path, gatewayDirs, ledgerDir);
  const site = await loadSite(path);
  if (site.gateways.length !== plan.gateways || site.site !== plan.site) {
    const reason = `it is site ${site.site} of ${site.gateways.length} gateways, not ${plan.site} of ${plan.gateways}; use --gateways ${site.gateways.length}, another --dir, or --fresh to start anew`;
    throw new GatewayFailure("SITE_WRONG", { path, reason });
  }
  for (const [index, gatewayDir] of gatewayDirs.entries()) {
    await writeGatewayYaml(join(gatewayDir, CONFIG_FILE), gatewayYaml(plan, index, site));
    const copy = join(gatewayDir, SITE_FILE);
    if (!(await exists(copy))) await replaceFile(copy, await readFile(path, "utf8"));
    if (stationKind(plan, index) === "mqtt") {
      await createMqttUsers(join(gatewayDir, "keys", "mqtt-users.json"), mqttDevices(site, gatewayName(index)));
    }
  }
  for (const extra of ["dev", "receipts", "journals"]) await mkdir(join(root, extra), { recursive: true });
  return { dir: root, site, gatewayDirs, ledgerDir, created };
}

/** SITE.json comes last: as long as it is missing, a second start completes the creation with the keys that are there. */
async function createSite(
  plan: SitePlan,
  path: string,
  gatewayDirs: readonly string[],
  ledgerDir: string,
): Promise<void> {
  const ledger = makeLedgerKey(ledgerDir);
  const gateways = [];
  for (const [index, dir] of gatewayDirs.entries()) {
    const name = gatewayName(index);
    await createKeys(dir, name);
    gateways.push(identityOf(await loadKeys(dir), plan.site, name));
  }
  const site = siteOf({
    site: plan.site,
    epoch: 0,
    gateways,
    devices: devicesOf(plan),
    ledgers: [{ name: ledgerName(plan.site), kind: "embedded", key: ledger.vkey }],
    model: { sha256: await modelSha256(shippedModelPath), toleranceMilli: TOLERANCE_MILLI },
  });
  await replaceFile(path, `${JSON.stringify(site, null, 2)}\n`);
}

const mqttDevices = (site: Site, gateway: string): readonly string[] =>
  site.devices.flatMap(({ id, gateway: owner }) => (owner === gateway && isSensor(id) ? [id] : []));

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (causeOf(error) === "ENOENT") return false;
    throw new GatewayFailure("CONFIG_UNREADABLE", { path, cause: causeOf(error) });
  }
}
