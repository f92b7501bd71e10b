/** A gateway that says what the test wants, over real HTTP. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { GatewayStatus, Measurement } from "../../gateway/overview/status.ts";

export type FakeGateway = {
  readonly name: string;
  readonly url: string;
  /** Requests for the status so far. */
  readonly asked: () => number;
  /** What it says from now on; a string is sent as it is, null leaves the request open for ever. */
  readonly say: (status: unknown) => void;
  readonly close: () => Promise<void>;
};

export const SITE = "harbour-7";
export const ROOT = "a".repeat(64);

export function statusOf(
  gateway: string,
  peers: readonly string[],
  changes: Partial<GatewayStatus> = {},
): GatewayStatus {
  return {
    site: SITE,
    gateway,
    pid: 4711,
    version: "0.1.0",
    view: 9,
    finalizedView: 8,
    logSize: 3,
    logRoot: ROOT,
    statements: 5,
    checkpoint: { size: 3, root: ROOT },
    anchoredSize: 2,
    counts: { accepted: 10, final: 7, anchored: 4 },
    lanes: [{ gateway, held: 4, certified: 3, finalized: 2, executed: 2 }],
    peers: peers
      .filter((peer) => peer !== gateway)
      .map((peer) => ({
        gateway: peer,
        connected: true,
        reason: null,
        rejected: 0,
        lastRejected: null,
        cutOffs: 0,
        cutOff: null,
      })),
    devices: [
      {
        id: "scale-1",
        station: "dock-1",
        state: "online",
        lastFrameAt: 1_790_000_000_000,
        frames: 12,
        refused: 1,
        noiseBytes: 3,
        place: "/dev/ttyUSB0 at 9600 8N1",
        lastBad: [{ at: 1_790_000_000_000, hex: "5320530d0a", reason: "checksum 1b, expected 16" }],
        lastError: null,
      },
    ],
    queues: { outbox: 0 },
    refusals: [],
    evidence: [],
    evidenceKept: 0,
    halted: null,
    ...changes,
  };
}

export function measurementOf(index: number, changes: Partial<Measurement> = {}): Measurement {
  return {
    index,
    gateway: "gw-1",
    number: index,
    item: `parcel-${index}`,
    massGrams: "12340",
    dimensionsMm: [400, 300, 250],
    predictedGrams: 10_000,
    lowGrams: 4000,
    highGrams: 25_000,
    verdict: "accept",
    reasons: [],
    at: 1_790_000_000_000 + index,
    ...changes,
  };
}

/** Serves `/v1/status` and the page of measurements after `after`, in log order. */
export async function startFakeGateway(
  name: string,
  first: unknown,
  measurements: readonly Measurement[] = [],
): Promise<FakeGateway> {
  let status = first;
  let asked = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://gateway");
    if (url.pathname === "/v1/measurements") {
      const after = Number(url.searchParams.get("after") ?? -1);
      const limit = Number(url.searchParams.get("limit"));
      return response.end(JSON.stringify(measurements.slice(after + 1, after + 1 + limit)));
    }
    asked += 1;
    if (status === null) return;
    response.end(typeof status === "string" ? status : JSON.stringify(status));
  });
  const port = await listen(server);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    say: (next) => {
      status = next;
    },
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
