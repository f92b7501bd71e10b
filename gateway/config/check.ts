import { protocolOf, protocols } from "../../devices/protocols/index.ts";
import { readingsTopic } from "../../devices/transports/readings-topic.ts";
import type { Site } from "../../ledger/management/index.ts";
import { nearestName } from "./nearest.ts";
import type { ConfigFault } from "./parse.ts";
import type { GatewaySettings, TransportSettings } from "./schema.ts";

/** C4: what gateway.yaml says must fit what the site agreed on. One fault for each contradiction. */
export function checkAgainstSite(
  settings: GatewaySettings,
  site: Site,
  file: string,
  lineOf: (path: readonly PropertyKey[]) => number,
): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const fault = (path: readonly PropertyKey[], clause: string): void => {
    const line = lineOf(path);
    faults.push({ file, line, path: path.map(String).join("."), sentence: `${file}:${line}: ${clause}` });
  };
  const names = site.gateways.map(({ name }) => name);
  if (!names.includes(settings.gateway)) {
    fault(
      ["gateway"],
      `"gateway" is "${settings.gateway}", which is no gateway of site ${site.site}${meant(settings.gateway, names)}`,
    );
    return faults;
  }
  for (const name of Object.keys(settings.peers.addresses)) {
    if (!names.includes(name)) {
      fault(
        ["peers", "addresses", name],
        `"peers.addresses" names "${name}", which is no gateway of site ${site.site}${meant(name, names)}`,
      );
    }
  }
  for (const [index, anchor] of settings.anchors.entries()) {
    const ledgers = site.ledgers.map(({ name }) => name);
    if (!ledgers.includes(anchor.ledger)) {
      fault(
        ["anchors", index, "ledger"],
        `"anchors[${index}].ledger" is "${anchor.ledger}", which is no ledger of site ${site.site}${meant(anchor.ledger, ledgers)}`,
      );
    }
  }
  checkDevices(settings, site, fault);
  return faults;
}

function checkDevices(
  settings: GatewaySettings,
  site: Site,
  fault: (path: readonly PropertyKey[], clause: string) => void,
): void {
  const registered = site.devices.filter((device) => device.gateway === settings.gateway);
  const seen = new Set<string>();
  for (const [index, { id, transport }] of settings.devices.entries()) {
    const at = ["devices", index, "id"];
    const device = registered.find((candidate) => candidate.id === id);
    if (seen.has(id)) fault(at, `"devices[${index}].id" is "${id}" a second time; remove one of the two`);
    seen.add(id);
    if (device === undefined) {
      fault(
        at,
        `"devices[${index}].id" is "${id}", which SITE.json does not register for ${settings.gateway}${meant(
          id,
          registered.map((one) => one.id),
        )}`,
      );
      continue;
    }
    const wanted = transportsOf(device.protocol);
    if (wanted === null) {
      const known = [...protocols.keys(), "api"];
      fault(
        at,
        `"devices[${index}].id" is "${id}", which SITE.json registers with protocol "${device.protocol}", unknown to this version${meant(device.protocol, known)}`,
      );
    } else if (!wanted.includes(transport.kind)) {
      fault(
        ["devices", index, "transport"],
        `"devices[${index}].transport" is ${transport.kind}, but ${id} speaks ${device.protocol}; use ${wanted.join(" or ")}`,
      );
    }
    const understood = wanted === null || device.protocol === "api" || protocolOf(device.protocol, device.settings);
    if (typeof understood === "string") {
      fault(at, `"devices[${index}].id" is "${id}", whose settings in SITE.json cannot be used: ${understood}`);
    }
    if ((transport.kind === "mqtt" || transport.kind === "sparkplug") && settings.mqtt === undefined) {
      fault(
        ["devices", index, "transport"],
        `"devices[${index}]" comes by MQTT, but there is no "mqtt" block; add "mqtt: { port: 1883 }"`,
      );
    }
  }
  checkPlaces(settings, fault);
  for (const device of registered) {
    // A device of protocol api needs no transport: it comes by POST with the gateway's token.
    if (!seen.has(device.id) && device.protocol !== "api") {
      fault(
        ["devices"],
        `"devices" does not name ${device.id}, which SITE.json registers for ${settings.gateway}; add "- { id: ${device.id}, transport: ... }"`,
      );
    }
  }
}

/** Two devices at one place would each be taken for the other. */
function checkPlaces(settings: GatewaySettings, fault: (path: readonly PropertyKey[], clause: string) => void): void {
  const taken = new Map<string, string>();
  for (const [index, { id, transport }] of settings.devices.entries()) {
    const at = ["devices", index, "transport"];
    const isOwn = transport.kind === "mqtt" && transport.topic !== undefined && settings.mqtt?.port !== undefined;
    if (isOwn)
      fault(at, `"devices[${index}].transport.topic" is for a broker elsewhere; remove it, or name mqtt.external`);
    const place = placeOf(id, transport);
    if (place === null) continue;
    const other = taken.get(place);
    if (other !== undefined)
      fault(at, `"devices[${index}].transport" is the place of ${other}, too; correct one of them`);
    taken.set(place, id);
  }
}

/** Null: one place that several devices may share. */
function placeOf(id: string, transport: TransportSettings): string | null {
  switch (transport.kind) {
    case "mqtt":
      return transport.topic ?? readingsTopic(id);
    case "sparkplug":
      return ["spBv1.0", transport.group, transport.node, transport.device].join("/");
    case "tcp":
      return `tcp ${transport.host}:${transport.port}`;
    case "tcp-server":
      return `tcp-server ${transport.port}`;
    case "http":
      return transport.url;
    case "serial":
    case "hid":
      if (transport.usb !== undefined) return `usb ${Object.values(transport.usb).join(":")}`;
      // T5: of the ports that a pattern names each device finds its own, by its serial number.
      return transport.path?.includes("*") === true ? null : (transport.path ?? null);
    case "api":
      return null;
  }
}

/** The kinds of transport over which a protocol comes; null = this version does not know it. */
function transportsOf(name: string): readonly string[] | null {
  if (name === "api") return ["api"];
  const protocol = protocols.get(name);
  if (protocol === undefined) return null;
  switch (protocol.framing.kind) {
    case "stream":
      return [...(protocol.wire === "hid" ? ["hid"] : []), "serial", "tcp", "tcp-server"];
    case "message":
      return protocol.wire === "http" ? ["http"] : ["mqtt"];
    case "session":
      return ["sparkplug"];
  }
}

function meant(wrong: string, known: readonly string[]): string {
  const near = nearestName(wrong, known);
  if (near !== null) return `; did you mean "${near}"?`;
  return known.length === 0 ? "" : `; known: ${known.slice(0, 8).join(", ")}`;
}
