/** Where the gateways of a simulated site stand, and how long a message takes from one to another. */
import type { Random } from "../../test/sim/random.ts";

/**
 * Round-trip times in ms between the regions of a public cloud: "Azure network round-trip latency statistics",
 * https://learn.microsoft.com/azure/networking/azure-network-latency, the 95th percentile of the 30 days that ended on
 * 30 July 2026. Row = source, column = target; the two directions are published apart and differ by a few ms.
 */
type Table = Readonly<Record<string, readonly number[]>>;

const EUROPE: Table = {
  "North Europe": [0, 15, 19, 24, 22, 35, 29, 42, 39, 38, 26, 30, 40],
  "UK South": [14, 0, 12, 16, 13, 26, 20, 32, 31, 34, 27, 26, 36],
  "West Europe": [20, 13, 0, 10, 15, 29, 14, 29, 26, 28, 20, 25, 31],
  "Belgium Central": [23, 16, 10, 0, 11, 26, 13, 26, 23, 29, 25, 29, 38],
  "France Central": [20, 12, 15, 10, 0, 21, 14, 25, 24, 33, 29, 32, 43],
  "Spain Central": [35, 27, 30, 26, 23, 0, 32, 37, 41, 50, 44, 48, 57],
  "Germany West Central": [28, 19, 14, 12, 14, 30, 0, 21, 17, 26, 20, 24, 34],
  "Italy North": [40, 32, 28, 23, 26, 39, 18, 0, 19, 31, 37, 37, 45],
  "Austria East": [38, 29, 24, 22, 23, 39, 16, 20, 0, 18, 30, 34, 41],
  "Poland Central": [39, 34, 28, 30, 34, 50, 26, 32, 20, 0, 28, 30, 30],
  "Denmark East": [22, 23, 16, 21, 27, 40, 18, 32, 28, 23, 0, 15, 25],
  "Norway East": [30, 26, 24, 28, 32, 47, 26, 39, 36, 30, 18, 0, 18],
  "Sweden Central": [37, 34, 31, 35, 40, 54, 31, 45, 39, 28, 26, 15, 0],
};

const GLOBE: Table = {
  "East US": [0, 75, 63, 119, 80, 97, 110, 190, 226, 214, 229, 165, 207],
  "West US 2": [76, 0, 74, 179, 144, 160, 165, 255, 284, 218, 165, 102, 179],
  "Mexico Central": [66, 75, 0, 158, 140, 151, 161, 231, 271, 269, 221, 147, 184],
  "Brazil South": [121, 179, 159, 0, 184, 201, 209, 293, 327, 320, 337, 265, 298],
  "UK South": [80, 145, 132, 183, 0, 20, 36, 122, 169, 151, 183, 235, 277],
  "Germany West Central": [97, 159, 145, 199, 19, 0, 34, 122, 172, 150, 179, 246, 290],
  "Sweden Central": [108, 165, 161, 204, 34, 31, 0, 148, 200, 174, 206, 258, 303],
  "UAE North": [191, 256, 231, 288, 122, 122, 149, 0, 105, 34, 87, 155, 182],
  "South Africa North": [225, 285, 268, 326, 169, 174, 196, 104, 0, 134, 211, 255, 348],
  "Central India": [218, 218, 267, 320, 150, 151, 179, 35, 134, 0, 59, 129, 152],
  "Southeast Asia": [229, 165, 220, 337, 183, 179, 256, 90, 190, 58, 0, 74, 98],
  "Japan East": [165, 103, 147, 275, 237, 250, 260, 155, 254, 129, 74, 0, 105],
  "Australia East": [206, 180, 210, 298, 277, 291, 307, 179, 347, 151, 98, 105, 0],
};

/** Between buildings of one city: Azure promises less than about 2 ms between the zones of a region. */
const SAME_REGION_RTT_MS = 2;
const LAN_RTT_MS = 0.4;
/** A message takes longer than its least time by an exponentially distributed share of it. */
const JITTER = 0.02;

export type Network = {
  readonly name: string;
  readonly source: string;
  readonly regions: readonly string[];
  /** Least one-way time in ms. Gateways stand in the regions in turn. */
  readonly oneWayMs: (from: number, to: number) => number;
  readonly jitterMs: (from: number, to: number, random: Random) => number;
};

const SOURCE = "Azure network round-trip latency statistics, P95 of the 30 days to 2026-07-30";

export const NETWORKS: Readonly<Record<string, Network>> = {
  continent: fromTable("continent", EUROPE),
  global: fromTable("global", GLOBE),
  lan: fromOneWay("lan", "a switch: 0.4 ms there and back", ["lan"], () => LAN_RTT_MS / 2),
};

function fromTable(name: string, table: Table): Network {
  const regions = Object.keys(table);
  const place = (gateway: number) => gateway % regions.length;
  return fromOneWay(name, SOURCE, regions, (from, to) => {
    if (place(from) === place(to)) return SAME_REGION_RTT_MS / 2;
    return (table[regions[place(from)] ?? ""]?.[place(to)] ?? Number.NaN) / 2;
  });
}

function fromOneWay(name: string, source: string, regions: readonly string[], oneWayMs: Network["oneWayMs"]): Network {
  return {
    name,
    source,
    regions,
    oneWayMs,
    jitterMs: (from, to, random) => random.wait(JITTER * oneWayMs(from, to)),
  };
}
