import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Site, type SiteLedger, siteOf } from "../../ledger/management/index.ts";
import { modelSha256, shippedModelPath } from "../assess/index.ts";
import { CONFIG_FILE, loadConfig, loadSite, SITE_FILE } from "../config/index.ts";
import { checkKeys, createKeys, type GatewayIdentity, identityOf, loadKeys } from "../identity/index.ts";
import { flowDevice, replaceFile, TOLERANCE_MILLI } from "../site/index.ts";
import { needed, readArguments, UsageError, wholeNumber } from "./arguments.ts";
import { LAST_INIT_PORT, localLedger, namedLedger } from "./init-ledger.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** `tallystick init`: one gateway that is a site of its own. Goes on with what is there and replaces nothing. */
export async function init(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("init", argv, {
    dir: "text",
    gateway: "text",
    site: "text",
    port: "text",
    ledger: "text",
  });
  const dir = resolve(needed("init", "dir", options.dir));
  const gateway = nameOf("gateway", needed("init", "gateway", options.gateway));
  const name = nameOf("site", options.site ?? "site");
  const port = wholeNumber("port", options.port, 8_081, 1, LAST_INIT_PORT);
  const sitePath = join(dir, SITE_FILE);
  const sealed = await exists(sitePath);
  if (options.ledger !== null && sealed) {
    throw new UsageError(
      `${sitePath} is there and sealed with its ledgers; leave --ledger out, or choose another --dir`,
    );
  }
  const named = options.ledger === null ? null : namedLedger(options.ledger);
  await createKeys(dir, gateway);
  const keys = await loadKeys(dir);
  // Of a sealed site only a ledger that is here is looked for; a new one would be nobody's.
  const mayMake = !sealed || (await exists(join(dir, "ledger", "ledger-key.pem")));
  const ledger = named ?? (mayMake ? localLedger(dir, name, port) : null);
  if (!sealed && ledger !== null) {
    const made = await siteWith(identityOf(keys, name, gateway), name, ledger.ledger);
    await replaceFile(sitePath, `${JSON.stringify(made, null, 2)}\n`);
  }
  if (!(await exists(join(dir, CONFIG_FILE)))) {
    // A SITE.json that was there may name other ledgers: their addresses are for whoever knows them to write.
    const known = (await loadSite(sitePath)).ledgers;
    const anchors = known.flatMap(({ name: of, key }) =>
      key === ledger?.ledger.key ? ["anchors:", `  - { ledger: ${of}, url: ${JSON.stringify(ledger.url)} }`] : [],
    );
    const lines = [
      `gateway: ${gateway}`,
      `api: { host: 127.0.0.1, port: ${port} }`,
      `peers: { host: 127.0.0.1, port: ${port + 100} }`,
      ...anchors,
      "",
    ];
    await replaceFile(join(dir, CONFIG_FILE), lines.join("\n"));
  }
  const config = await loadConfig(dir);
  checkKeys(keys, config.site, gateway, dir);
  const anchored = config.settings.anchors.some(({ url }) => url === ledger?.url);
  process.stdout.write(
    `gateway ${gateway} of site ${config.site.site} is in ${dir}\n` +
      (anchored && ledger?.run ? `its ledger: ${ledger.run}\n` : "") +
      `start it:   tallystick run --dir ${dir}\n` +
      `its token for POST /v1/measurements is in ${join(dir, "keys", "token")}\n`,
  );
  return 0;
}

async function siteWith(identity: GatewayIdentity, name: string, ledger: SiteLedger): Promise<Site> {
  return siteOf({
    site: name,
    epoch: 0,
    gateways: [identity],
    devices: [flowDevice("flow-1", identity.name)],
    ledgers: [ledger],
    model: { sha256: await modelSha256(shippedModelPath), toleranceMilli: TOLERANCE_MILLI },
  });
}

/** Of a gateway or a site. Throws UsageError. */
export function nameOf(option: string, text: string): string {
  if (!NAME.test(text))
    throw new UsageError(`--${option} is "${text}", but must be 1 to 32 small letters, digits and hyphens`);
  return text;
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
