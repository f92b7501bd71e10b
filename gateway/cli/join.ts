import { stat } from "node:fs/promises";
import { join as joined, resolve } from "node:path";
import { currentOf, lineageJson } from "../../ledger/management/index.ts";
import { CONFIG_FILE, loadLineage, SITE_FILE } from "../config/index.ts";
import { createKeys, identityOf, loadKeys } from "../identity/index.ts";
import { replaceFile } from "../site/index.ts";
import { needed, readArguments, UsageError, wholeNumber } from "./arguments.ts";
import { nameOf } from "./init.ts";

const PEERS_OFFSET = 100;

/** `tallystick join`: a gateway that the site has yet to agree on. Goes on with what is there and replaces nothing. */
export async function join(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("join", argv, {
    dir: "text",
    gateway: "text",
    site: "text",
    port: "text",
    peers: "text",
  });
  const dir = resolve(needed("join", "dir", options.dir));
  const gateway = nameOf("gateway", needed("join", "gateway", options.gateway));
  const lineage = await loadLineage(needed("join", "site", options.site));
  const { site, gateways } = currentOf(lineage);
  const port = wholeNumber("port", options.port, 8_081, 1, 65_535 - PEERS_OFFSET);
  const addresses = addressesOf(options.peers ?? "");
  // K2: before SITE.json is there, which would have the keys that are missing taken for lost.
  await createKeys(dir, gateway);
  const files = {
    [SITE_FILE]: `${JSON.stringify(lineageJson(lineage), null, 2)}\n`,
    [CONFIG_FILE]: yamlOf(gateway, port, addresses),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = joined(dir, name);
    if (!(await isThere(path))) await replaceFile(path, text);
  }
  const entry = identityOf(await loadKeys(dir), site, gateway);
  const returns = gateways.some(({ name }) => name === gateway);
  process.stderr.write(
    `${gateway} is in ${dir}; in the configuration to come of site ${site} this entry ${returns ? `takes the place of the old one of ${gateway}` : "comes last"}:\n`,
  );
  process.stdout.write(`${JSON.stringify(entry, null, 2)}\n`);
  return 0;
}

function yamlOf(gateway: string, port: number, addresses: readonly string[]): string {
  return [
    "# One gateway. What every gateway of the site agreed on is in SITE.json, secrets are in keys/.",
    `gateway: ${gateway}`,
    `api: { host: 127.0.0.1, port: ${port} }`,
    "peers:",
    `  port: ${port + PEERS_OFFSET}`,
    ...(addresses.length === 0 ? [] : ["  addresses:", ...addresses]),
    "",
  ].join("\n");
}

/** `--peers gw-1=10.0.0.1:8181,gw-2=10.0.0.2:8181`. Throws UsageError. */
function addressesOf(text: string): readonly string[] {
  return text
    .split(",")
    .filter((one) => one !== "")
    .map((one) => {
      const [, name, address] = /^([a-z0-9][a-z0-9-]{0,31})=(\S+:\d{1,5})$/.exec(one) ?? [];
      if (name === undefined)
        throw new UsageError(`--peers holds "${one}", but must be NAME=HOST:PORT, several with commas between them`);
      return `    ${name}: ${JSON.stringify(address)}`;
    });
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
