import { readFile, rename, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { causeOf } from "../config/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import { gatewayName, ledgerName, portsOf, scaleLine, scannerLine, type SitePlan, stationKind } from "./plan.ts";

/** The gateway.yaml of gateway `index` of a planned site. `site`: as it is registered, by this version or an earlier one. */
export function gatewayYaml(plan: SitePlan, index: number, site: Pick<Site, "devices">): string {
  const ports = portsOf(plan);
  const own = ports.gateways[index];
  if (own === undefined) throw new RangeError(`the plan has no gateway ${index}`);
  const kind = stationKind(plan, index);
  const addresses = ports.gateways.flatMap(({ peers }, peer) =>
    peer === index ? [] : [`    ${gatewayName(peer)}: "127.0.0.1:${peers}"`],
  );
  const at = index + 1;
  const scale =
    kind === "serial"
      ? `{ kind: serial, path: ../${scaleLine(index)}, baudRate: 9600 }`
      : `{ kind: tcp, host: 127.0.0.1, port: ${own.scale} }`;
  const devices =
    kind === "mqtt"
      ? [`  - { id: sensor-${at}, transport: { kind: mqtt } }`]
      : [
          `  - { id: scale-${at}, transport: ${scale} }`,
          `  - { id: dimensioner-${at}, transport: { kind: tcp, host: 127.0.0.1, port: ${own.dimensioner} } }`,
          ...(site.devices.some(({ id }) => id === `scanner-${at}`)
            ? [`  - { id: scanner-${at}, transport: { kind: serial, path: ../${scannerLine(index)}, baudRate: 9600 } }`]
            : []),
        ];
  return [
    "# One gateway. What every gateway of the site agreed on is in SITE.json, secrets are in keys/.",
    `gateway: ${gatewayName(index)}`,
    `api: { host: 127.0.0.1, port: ${own.api} }`,
    "peers:",
    "  host: 127.0.0.1",
    `  port: ${own.peers}`,
    ...(addresses.length === 0 ? [] : ["  addresses:", ...addresses]),
    ...(kind === "mqtt" ? [`mqtt: { host: 127.0.0.1, port: ${own.mqtt} }`] : []),
    "store: { path: store.db, budgetMb: 20000 }",
    "anchors:",
    `  - { ledger: ${ledgerName(plan.site)}, url: "http://127.0.0.1:${ports.ledger}" }`,
    "devices:",
    ...devices,
    "",
  ].join("\n");
}

/** Creates the file, or brings the ports of an existing one in line and leaves everything else in it as it is. */
export async function writeGatewayYaml(path: string, text: string): Promise<void> {
  let before: string;
  try {
    before = await readFile(path, "utf8");
  } catch (error) {
    if (causeOf(error) !== "ENOENT") throw error;
    await replaceFile(path, text);
    return;
  }
  const document = parseDocument(before);
  const wanted = parseDocument(text);
  for (const key of [
    ["api", "port"],
    ["peers", "port"],
    ["peers", "addresses"],
    ["mqtt", "port"],
    ["anchors"],
    ["devices"],
  ]) {
    if (wanted.hasIn(key)) document.setIn(key, wanted.getIn(key));
  }
  const after = document.toString();
  if (after !== before) await replaceFile(path, after);
}

/** Whole or not at all, also when the machine stops in the middle. */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, text, { flush: true, mode });
  await rename(part, path);
}
