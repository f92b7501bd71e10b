import { connect } from "node:net";
import { access, constants, stat, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { type LineTransport, findHid, findSerialPort, listPorts, tryBroker } from "../../devices/index.ts";
import { openStoreReadOnly, StoreFailure } from "../../ledger/store/index.ts";
import { causeOf, type GatewayConfig, loadConfig, storePathOf } from "../config/index.ts";
import { checkKeys, type GatewayKeys, keySetOf, keysInUse, loadKeySets, loadMqttUsers } from "../identity/index.ts";
import { clockFault } from "../runtime/clock.ts";
import { lineOf } from "../runtime/device-lines.ts";
import { placeOf, topicsOf } from "../runtime/mqtt-lines.ts";
import { busyCause } from "../site/index.ts";
import { needed, readArguments } from "./arguments.ts";
import { sentenceOf } from "./endings.ts";

/** `ok` true: fine. Otherwise `found` says what is wrong and what to do. */
type Finding = { readonly check: string; readonly ok: boolean; readonly found: string };

/** `tallystick doctor`: exit code 1 when something needs mending. */
export async function doctor(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("doctor", argv, { dir: "text", json: "flag" });
  const findings = await examine(needed("doctor", "dir", options.dir));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
  } else {
    for (const { check, ok, found } of findings)
      process.stdout.write(`${ok ? "ok  " : "MEND"}  ${check.padEnd(14)} ${found}\n`);
  }
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

async function examine(dir: string): Promise<readonly Finding[]> {
  const config = await loadConfig(dir).catch((error: unknown) => sentenceOf(error));
  if (typeof config === "string") return [{ check: "configuration", ok: false, found: config }];
  const running = await isRunning(config);
  return [
    ...configuration(config),
    await secrets(config),
    clock(),
    await disk(config),
    await store(config),
    ...(await ports(config, running)),
    ...(await broker(config)),
    ...(await devices(config, running)),
    ...(await peers(config)),
    ...(await ledgers(config)),
  ];
}

/** C6: a gateway starts without the devices that do not fit its site; whoever examines it wants to know. */
function configuration({ warnings, settings, site }: GatewayConfig): readonly Finding[] {
  const check = "configuration";
  if (warnings.length === 0) return [{ check, ok: true, found: `${settings.gateway} of site ${site.site}` }];
  return warnings.map((found) => ({ check, ok: false, found }));
}

/** K7: those that the configuration names. */
async function keysOf({ dir, site, settings }: GatewayConfig): Promise<GatewayKeys> {
  const sets = await loadKeySets(dir);
  return keySetOf(sets, site, settings.gateway) ?? (sets[0] as GatewayKeys);
}

async function secrets(config: GatewayConfig): Promise<Finding> {
  const check = "secrets";
  try {
    checkKeys(await keysOf(config), config.site, config.settings.gateway, config.dir);
    const { mqtt } = config.settings;
    if (mqtt?.port !== undefined) await loadMqttUsers(resolve(config.dir, mqtt.users));
    if (mqtt?.external !== undefined) await placeOf(config, mqtt.external);
    return { check, ok: true, found: "they fit the site, and nobody else may read them" };
  } catch (error) {
    return { check, ok: false, found: sentenceOf(error) };
  }
}

function clock(): Finding {
  const now = Date.now();
  const fault = clockFault(now);
  return { check: "clock", ok: fault === null, found: fault ?? new Date(now).toISOString() };
}

/** K6, S6: the store must be the one that was written with these keys. */
async function store(config: GatewayConfig): Promise<Finding> {
  const check = "store";
  const path = storePathOf(config);
  try {
    const there = await stat(path).then(
      ({ size }) => size > 0,
      (error: unknown) => {
        if (causeOf(error) === "ENOENT") return false;
        throw error;
      },
    );
    if (!there) {
      if (await keysInUse(config.dir, await keysOf(config))) throw new StoreFailure("STORE_LOST", { path });
      return { check, ok: true, found: `${path} will be made at the first start` };
    }
    const reader = openStoreReadOnly(path);
    try {
      const { site, gateway, lanes } = reader.identity();
      const founded = config.lineage[0].site.gateways.length;
      const ours = { site: config.site.site, gateway: config.settings.gateway, lanes: founded };
      if (site !== ours.site || gateway !== ours.gateway || lanes !== ours.lanes) {
        const nameOf = (one: typeof ours): string => `${one.gateway} of site ${one.site} with ${one.lanes} gateways`;
        throw new StoreFailure("STORE_OF_ANOTHER", {
          path,
          theirs: nameOf({ site, gateway, lanes }),
          ours: nameOf(ours),
        });
      }
      return { check, ok: true, found: `${path} holds ${reader.executed().statements} final statements` };
    } finally {
      reader.close();
    }
  } catch (error) {
    return { check, ok: false, found: sentenceOf(error) };
  }
}

const LOW_DISK_BYTES = 1e9;

async function disk(config: GatewayConfig): Promise<Finding> {
  const check = "disk";
  try {
    await access(config.dir, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = await statfs(config.dir);
    const free = bavail * bsize;
    const shown = `${(free / 1e9).toFixed(1)} GB free`;
    return free >= LOW_DISK_BYTES
      ? { check, ok: true, found: shown }
      : { check, ok: false, found: `only ${shown} in ${config.dir}; free some space or move the store` };
  } catch (error) {
    return {
      check,
      ok: false,
      found: `${config.dir} cannot be written (${causeOf(error)}); give this user the right to write it`,
    };
  }
}

async function isRunning({ settings }: GatewayConfig): Promise<boolean> {
  const url = `http://${settings.api.host}:${settings.api.port}/v1/status`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
  if (answer === null || !answer.ok) return false;
  const { gateway } = (await answer.json().catch(() => ({}))) as { gateway?: string };
  return gateway === settings.gateway;
}

async function ports({ settings }: GatewayConfig, running: boolean): Promise<readonly Finding[]> {
  const { api, peers: links, mqtt } = settings;
  const listened = [
    { use: "API", ...api },
    { use: "peers", host: links.host, port: links.port },
    ...(mqtt?.port === undefined ? [] : [{ use: "MQTT", host: mqtt.host, port: mqtt.port }]),
  ];
  return Promise.all(
    listened.map(async ({ use, host, port }): Promise<Finding> => {
      const check = `port ${port}`;
      if (running) return { check, ok: true, found: `${use}: the gateway runs and listens` };
      const cause = await busyCause(port, host);
      if (cause === null) return { check, ok: true, found: `${use}: free` };
      const mend =
        cause === "EADDRINUSE"
          ? "another program listens on it; stop that or choose another port"
          : `${host} cannot be listened on (${cause}); name an address of this machine`;
      return { check, ok: false, found: `${use}: ${mend}` };
    }),
  );
}

/** E6: whether the broker elsewhere takes us and lets us read. */
async function broker(config: GatewayConfig): Promise<readonly Finding[]> {
  const { mqtt, devices: configured } = config.settings;
  if (mqtt?.external === undefined) return [];
  const check = "broker";
  // Without its secrets nobody can ask; the check of those has said so.
  const place = await placeOf(config, mqtt.external).catch(() => null);
  if (place === null) return [{ check, ok: false, found: "was not asked, because its secrets cannot be read" }];
  const fault = await tryBroker(place, topicsOf(configured));
  return [{ check, ok: fault === null, found: fault ?? `${place.url} takes us and lets us read` }];
}

async function devices({ dir, settings }: GatewayConfig, running: boolean): Promise<readonly Finding[]> {
  return Promise.all(
    settings.devices.map(async ({ id, transport }): Promise<Finding> => {
      const line = lineOf(transport, dir);
      if (line === null)
        return { check: id, ok: true, found: `comes by ${transport.kind === "api" ? "POST" : "MQTT"}` };
      return deviceLine(id, line, running);
    }),
  );
}

async function deviceLine(check: string, line: LineTransport, running: boolean): Promise<Finding> {
  switch (line.kind) {
    case "serial": {
      const found = await findSerialPort(line, 0, listPorts);
      return "fault" in found ? { check, ok: false, found: found.fault } : serial(check, found.path);
    }
    case "hid": {
      const found = await findHid(line);
      return "fault" in found ? { check, ok: false, found: found.fault } : serial(check, found.path, constants.R_OK);
    }
    case "tcp": {
      // A serial server often admits one connection: the running gateway has it.
      if (running) return { check, ok: true, found: "see the gateway's status" };
      const where = `${line.host}:${line.port}`;
      const cause = await reach(line.host, line.port);
      if (cause === null) return { check, ok: true, found: `${where} answers` };
      const found = `${where} cannot be reached (${cause}); check power, cable and address of the device`;
      return { check, ok: false, found };
    }
    case "http": {
      const { protocol, hostname, host, port } = new URL(line.url);
      const cause = await reach(hostname, Number(port) || (protocol === "https:" ? 443 : 80));
      if (cause === null) return { check, ok: true, found: `${host} answers` };
      return {
        check,
        ok: false,
        found: `${host} cannot be reached (${cause}); check power, cable and address of the device`,
      };
    }
    case "tcp-server": {
      if (running) return { check, ok: true, found: "see the gateway's status" };
      const cause = await busyCause(line.port, line.host);
      if (cause === null) return { check, ok: true, found: `dials in on port ${line.port}, which is free` };
      return { check, ok: false, found: `cannot dial in on port ${line.port} (${cause}); choose another port` };
    }
  }
}

async function serial(check: string, path: string, rights = constants.R_OK | constants.W_OK): Promise<Finding> {
  try {
    await stat(path);
    await access(path, rights);
    return { check, ok: true, found: `${path} can be opened` };
  } catch (error) {
    const cause = causeOf(error);
    const mend =
      cause === "ENOENT"
        ? "plug the device in, or correct the path"
        : "give this user the right to use it (usually: sudo usermod -aG dialout $USER, then log in again)";
    return { check, ok: false, found: `${path}: ${cause}; ${mend}` };
  }
}

async function peers({ settings, site, lineage, self }: GatewayConfig): Promise<readonly Finding[]> {
  const founders = lineage[0].site.gateways.length;
  return Promise.all(
    site.gateways.flatMap(({ name, left }, index) => {
      if (index === self || left) return [];
      const address = settings.peers.addresses[name];
      // P1 of ledger/peers: only whom we dial needs an address here.
      if (address === undefined) {
        const ok = Math.max(self, index) < founders ? index < self : index > self;
        const found = ok ? "dials us" : `has no address; add "${name}: host:port" to peers.addresses`;
        return [Promise.resolve({ check: name, ok, found })];
      }
      const at = address.lastIndexOf(":");
      const host = address.slice(0, at).replace(/^\[|\]$/g, "");
      return [
        reach(host, Number(address.slice(at + 1))).then((cause): Finding => {
          if (cause === null) return { check: name, ok: true, found: `${address} answers` };
          return {
            check: name,
            ok: false,
            found: `${address} cannot be reached (${cause}); start that gateway, or open the way to it`,
          };
        }),
      ];
    }),
  );
}

async function ledgers({ settings }: GatewayConfig): Promise<readonly Finding[]> {
  return Promise.all(
    settings.anchors.map(async ({ ledger, url }): Promise<Finding> => {
      const answer = await fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(2_000) }).catch(() => null);
      return answer?.ok === true
        ? { check: ledger, ok: true, found: `${url} answers` }
        : {
            check: ledger,
            ok: false,
            found: `${url} does not answer; measurements become final, but are not anchored until it does`,
          };
    }),
  );
}

/** Null when a connection could be made. */
function reach(host: string, port: number): Promise<string | null> {
  return new Promise((resolve_) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const done = (cause: string | null): void => {
      socket.destroy();
      resolve_(cause);
    };
    socket.once("connect", () => done(null));
    socket.once("timeout", () => done("no answer within 2 s"));
    socket.once("error", (error) => done(causeOf(error)));
  });
}
