import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { GatewayStatus } from "./port.ts";

/** H8. */
export type Metrics = {
  readonly accepted: () => void;
  readonly final: (statements: number) => void;
  readonly anchored: (statements: number) => void;
  /** From the fsync of an own statement to its execution here. */
  readonly finality: (seconds: number) => void;
  readonly incomplete: () => void;
  /** Text of the Prometheus exposition format; `queues` and `peers` are read at this moment. */
  readonly text: (status: Pick<GatewayStatus, "queues" | "peers">) => Promise<string>;
  readonly contentType: string;
};

/** About x1.1 from 0.5 ms to 60 s, so that a quantile read from the buckets is within 10 % of the true one. */
const BUCKETS_SECONDS: readonly number[] = Array.from({ length: 124 }, (_, step) =>
  Number((0.0005 * 1.1 ** step).toPrecision(4)),
);

export function makeMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const accepted = counter("tallystick_accepted_total", "Statements of this gateway that are signed and on disk.");
  const final = counter("tallystick_final_total", "Statements of this gateway that are final.");
  const anchored = counter("tallystick_anchored_total", "Statements of this gateway that a shared ledger covers.");
  const incomplete = counter("tallystick_incomplete_total", "Readings that found no partner in time.");
  const finality = new Histogram({
    name: "tallystick_finality_seconds",
    help: "Time from accepted (fsynced) to final (executed) of this gateway's statements.",
    buckets: [...BUCKETS_SECONDS],
    registers,
  });
  const rss = new Gauge({ name: "process_resident_memory_bytes", help: "Resident memory of the gateway.", registers });
  const cpu = new Gauge({
    name: "process_cpu_seconds",
    help: "User and system CPU time of the gateway since its start.",
    registers,
  });
  const queue = new Gauge({
    name: "tallystick_queue_depth",
    help: "Entries waiting.",
    labelNames: ["queue"],
    registers,
  });
  const setPeers = peerMetrics(registers);
  return {
    accepted: () => accepted.inc(),
    final: (statements) => final.inc(statements),
    anchored: (statements) => anchored.inc(statements),
    finality: (seconds) => finality.observe(seconds),
    incomplete: () => incomplete.inc(),
    text: async ({ queues, peers }) => {
      rss.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.set((user + system) / 1e6);
      for (const [name, depth] of Object.entries(queues)) queue.set({ queue: name }, depth);
      setPeers(peers);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** H8: one series a gateway of the site. */
function peerMetrics(registers: Registry[]): (peers: GatewayStatus["peers"]) => void {
  const labelNames = ["peer"];
  const connected = new Gauge({ name: "tallystick_peer_connected", help: "1 while linked.", labelNames, registers });
  const cutOff = new Gauge({ name: "tallystick_peer_cut_off", help: "1 while cut off.", labelNames, registers });
  const rejects = new Counter({
    name: "tallystick_peer_rejects_total",
    help: "Messages that no honest gateway sends.",
    labelNames,
    registers,
  });
  const cutOffs = new Counter({
    name: "tallystick_peer_cut_offs_total",
    help: "Times that the peer was cut off because it cost too much.",
    labelNames,
    registers,
  });
  return (peers) => {
    // Counted elsewhere since the start of the process: here they are only shown.
    rejects.reset();
    cutOffs.reset();
    for (const peer of peers) {
      const label = { peer: peer.gateway };
      connected.set(label, peer.connected ? 1 : 0);
      cutOff.set(label, peer.cutOff === null ? 0 : 1);
      rejects.inc(label, peer.rejected);
      cutOffs.inc(label, peer.cutOffs);
    }
  };
}
