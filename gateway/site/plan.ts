import type { SiteDevice } from "../../ledger/management/index.ts";

/** What a site on one machine is made of. `simulated`: as the demo shows it. `mqtt`: one MQTT sensor a gateway, for benchmarks. */
export type SitePlan = {
  readonly site: string;
  readonly gateways: number;
  /** Everything listens on ports from here: the overview on it, gateway i's API on it plus i, and so on (`portsOf`). */
  readonly basePort: number;
  readonly stations: "simulated" | "mqtt";
};

export type SitePorts = {
  readonly overview: number;
  readonly ledger: number;
  readonly gateways: readonly {
    readonly api: number;
    readonly peers: number;
    readonly mqtt: number;
    readonly scale: number;
    readonly dimensioner: number;
  }[];
};

const OFFSET = { peers: 100, mqtt: 200, ledger: 300, scale: 400, dimensioner: 500 } as const;
/** So that the ranges of one kind do not meet those of the next. */
export const MOST_GATEWAYS = 99;
export const LAST_BASE_PORT = 65_535 - OFFSET.dimensioner - MOST_GATEWAYS;

export function portsOf({ basePort, gateways }: Pick<SitePlan, "basePort" | "gateways">): SitePorts {
  return {
    overview: basePort,
    ledger: basePort + OFFSET.ledger,
    gateways: Array.from({ length: gateways }, (_, index) => {
      const at = basePort + index + 1;
      return {
        api: at,
        peers: at + OFFSET.peers,
        mqtt: at + OFFSET.mqtt,
        scale: at + OFFSET.scale,
        dimensioner: at + OFFSET.dimensioner,
      };
    }),
  };
}

/** Every port that the site will listen on, with what for. */
export function usedPorts(
  plan: SitePlan,
  withDevices: boolean,
): readonly { readonly port: number; readonly use: string }[] {
  const ports = portsOf(plan);
  return [
    { port: ports.overview, use: "site overview" },
    { port: ports.ledger, use: "shared ledger" },
    ...ports.gateways.flatMap((gateway, index) => {
      const name = gatewayName(index);
      const kind = stationKind(plan, index);
      return [
        { port: gateway.api, use: `API of ${name}` },
        { port: gateway.peers, use: `peers of ${name}` },
        ...(kind === "mqtt" ? [{ port: gateway.mqtt, use: `MQTT of ${name}` }] : []),
        ...(withDevices && kind === "tcp" ? [{ port: gateway.scale, use: `scale of ${name}` }] : []),
        ...(withDevices && kind !== "mqtt" ? [{ port: gateway.dimensioner, use: `dimensioner of ${name}` }] : []),
      ];
    }),
  ];
}

export const gatewayName = (index: number): string => `gw-${index + 1}`;
export const ledgerName = (site: string): string => `${site}-ledger`;

/** The first gateway has its scale on a serial line, the second on TCP (and a scanner on a serial line), the others have MQTT sensors. */
export function stationKind(plan: Pick<SitePlan, "stations">, index: number): "serial" | "tcp" | "mqtt" {
  if (plan.stations === "mqtt" || index >= 2) return "mqtt";
  return index === 0 ? "serial" : "tcp";
}

export const isSensor = (device: string): boolean => device.startsWith("sensor-");

/** Serial lines of the simulated devices, in the directory of the site. */
export const scaleLine = (index: number): string => `dev/ttyUSB${index}`;
export const scannerLine = (index: number): string => `dev/ttyACM${index}`;

const MASS = { minKg: "0.020", maxKg: "60.000", divisionKg: "0.005" } as const;
const SIDES = { minMm: "10", maxMm: "2000", divisionMm: "1" } as const;
/** A flow may bring values of any scale: grams with three decimals. */
const FLOW_MASS = { minKg: "0.001", maxKg: "1000", divisionKg: "0.000001" } as const;
const FLOW_SIDES = { minMm: "1", maxMm: "10000", divisionMm: "0.1" } as const;

export const STATION = "dock-1";

/** A device that admits measurements by POST. */
export const flowDevice = (id: string, gateway: string): SiteDevice => ({
  id,
  gateway,
  station: "flow-1",
  protocol: "api",
  measures: ["mass", "dimensions", "item"],
  mass: FLOW_MASS,
  dimensions: FLOW_SIDES,
});

/** The registered devices: the station's own, and one that admits measurements by POST. */
export function devicesOf(plan: SitePlan): readonly SiteDevice[] {
  return Array.from({ length: plan.gateways }, (_, index): readonly SiteDevice[] => {
    const flow = flowDevice(`flow-${index + 1}`, gatewayName(index));
    return [...stationDevices(plan, index), flow];
  }).flat();
}

/** Each gateway has other makes: every protocol here is at work as soon as a site has four. */
function stationDevices(plan: SitePlan, index: number): readonly SiteDevice[] {
  const at = index + 1;
  const common = { gateway: gatewayName(index), station: STATION };
  switch (stationKind(plan, index)) {
    case "serial":
      return [
        { ...common, id: `scale-${at}`, protocol: "mt-sics", measures: ["mass"], mass: MASS },
        {
          ...common,
          id: `dimensioner-${at}`,
          protocol: "sick",
          measures: ["dimensions", "item"],
          dimensions: SIDES,
        },
      ];
    case "tcp":
      return [
        { ...common, id: `scale-${at}`, protocol: "toledo-8217-kg", measures: ["mass"], mass: MASS },
        { ...common, id: `dimensioner-${at}`, protocol: "cubiscan", measures: ["dimensions"], dimensions: SIDES },
        { ...common, id: `scanner-${at}`, protocol: "scanner-gs1", measures: ["item"] },
      ];
    case "mqtt": {
      const protocol = plan.stations === "simulated" && index % 2 === 0 ? "senml-cbor" : "senml-json";
      const measures = ["mass", "dimensions", "item"] as const;
      return [{ ...common, id: `sensor-${at}`, protocol, measures, mass: MASS, dimensions: SIDES }];
    }
  }
}
