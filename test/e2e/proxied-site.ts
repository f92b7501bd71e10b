/** A site of real gateways in which the connection of each pair runs through a proxy of its own. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  gatewayName,
  portsOf,
  type SimulationOptions,
  startTemporarySite,
  type TemporarySite,
} from "../../gateway/site/index.ts";
import { FAIR, type Proxy, startProxy } from "./proxy.ts";

export type ProxiedSite = {
  readonly site: TemporarySite;
  /** The proxy between two gateways, counted from 1; the lower one dials. */
  readonly between: (one: number, other: number) => Proxy;
  /** All proxies of one gateway. */
  readonly around: (gateway: number) => readonly Proxy[];
  readonly all: () => readonly Proxy[];
  /** All networks are well again. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
};

export async function startProxiedSite(gateways: number, simulation: SimulationOptions): Promise<ProxiedSite> {
  const proxies = new Map<string, Proxy>();
  const site = await startTemporarySite({
    gateways,
    stations: "mqtt",
    simulation,
    restart: false,
    prepare: async (made, plan) => {
      const ports = portsOf(plan).gateways;
      for (let one = 1; one < gateways; one += 1) {
        const path = join(made.gatewayDirs[one - 1] ?? "", "gateway.yaml");
        let yaml = await readFile(path, "utf8");
        for (let other = one + 1; other <= gateways; other += 1) {
          const port = ports[other - 1]?.peers ?? 0;
          const proxy = await startProxy(port);
          proxies.set(`${one}-${other}`, proxy);
          const line = `${gatewayName(other - 1)}: "127.0.0.1:`;
          if (!yaml.includes(`${line}${port}"`)) throw new Error(`${path} has no address of ${gatewayName(other - 1)}`);
          yaml = yaml.replace(`${line}${port}"`, `${line}${proxy.port}"`);
        }
        await writeFile(path, yaml);
      }
    },
  });
  const between = (one: number, other: number): Proxy => {
    const found = proxies.get(`${Math.min(one, other)}-${Math.max(one, other)}`);
    if (found === undefined) throw new Error(`no proxy between gw-${one} and gw-${other}`);
    return found;
  };
  return {
    site,
    between,
    around: (gateway) =>
      Array.from({ length: gateways }, (_, index) => index + 1)
        .filter((other) => other !== gateway)
        .map((other) => between(gateway, other)),
    all: () => [...proxies.values()],
    heal: () => {
      for (const proxy of proxies.values()) {
        proxy.set("both", FAIR);
        proxy.refuse(false);
      }
    },
    close: async () => {
      await site.stop();
      for (const proxy of proxies.values()) await proxy.close();
      await site.remove();
    },
  };
}
