import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { siteOf } from "../../ledger/management/index.ts";
import { modelSha256, shippedModelPath } from "../assess/index.ts";
import { CONFIG_FILE, loadConfig, SITE_FILE } from "../config/index.ts";
import { checkKeys, createKeys, identityOf, loadKeys } from "../identity/index.ts";
import { flowDevice, replaceFile, TOLERANCE_MILLI } from "../site/index.ts";
import { needed, readArguments, UsageError, wholeNumber } from "./arguments.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const LAST_PORT = 65_435;

/** `tallystick init`: one gateway that is a site of its own. Goes on with what is there and replaces nothing. */
export async function init(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("init", argv, { dir: "text", gateway: "text", site: "text", port: "text" });
  const dir = resolve(needed("init", "dir", options.dir));
  const gateway = nameOf("gateway", needed("init", "gateway", options.gateway));
  const site = nameOf("site", options.site ?? "site");
  const port = wholeNumber("port", options.port, 8_081, 1, LAST_PORT);
  await createKeys(dir, gateway);
  const keys = await loadKeys(dir);
  if (!(await exists(join(dir, SITE_FILE)))) {
    const made = siteOf({
      site,
      epoch: 0,
      gateways: [identityOf(keys, site, gateway)],
      devices: [flowDevice("flow-1", gateway)],
      ledgers: [],
      model: { sha256: await modelSha256(shippedModelPath), toleranceMilli: TOLERANCE_MILLI },
    });
    await replaceFile(join(dir, SITE_FILE), `${JSON.stringify(made, null, 2)}\n`);
  }
  if (!(await exists(join(dir, CONFIG_FILE)))) {
    const lines = [
      `gateway: ${gateway}`,
      `api: { host: 127.0.0.1, port: ${port} }`,
      `peers: { host: 127.0.0.1, port: ${port + 100} }`,
      "",
    ];
    await replaceFile(join(dir, CONFIG_FILE), lines.join("\n"));
  }
  const config = await loadConfig(dir);
  checkKeys(keys, config.site, gateway, dir);
  process.stdout.write(
    `gateway ${gateway} of site ${config.site.site} is in ${dir}\n` +
      `start it:  tallystick run --dir ${dir}\n` +
      `its token for POST /v1/measurements is in ${join(dir, "keys", "token")}\n`,
  );
  return 0;
}

function nameOf(option: string, text: string): string {
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
