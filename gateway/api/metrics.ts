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
  /** Text of the Prometheus exposition format; `queues`, `peers` and `devices` are read at this moment. */
  readonly text: (status: Pick<GatewayStatus, "queues" | "peers" | "devices">) => Promise<string>;
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
  const setDevices = deviceMetrics(registers);
  return {
    accepted: () => accepted.inc(),
    final: (statements) => final.inc(statements),
    anchored: (statements) => anchored.inc(statements),
    finality: (seconds) => finality.observe(seconds),
    incomplete: () => incomplete.inc(),
    text: async ({ queues, peers, devices }) => {
      rss.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.set((user + system) / 1e6);
      for (const [name, depth] of Object.entries(queues)) queue.set({ queue: name }, depth);
      setPeers(peers);
      setDevices(devices);
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

/** H8: a series for each device of gateway.yaml, and one more for each of its few states. */
function deviceMetrics(registers: Registry[]): (devices: GatewayStatus["devices"]) => void {
  const labelNames = ["device"];
  const state = new Gauge({
    name: "tallystick_device_state",
    help: "1 for the state that the device is in: online, silent, garbled, quarantined, ...",
    labelNames: ["device", "state"],
    registers,
  });
  const counter = (name: string, help: string): Counter => new Counter({ name, help, labelNames, registers });
  const frames = counter("tallystick_device_frames_total", "Frames that could be decoded.");
  const refused = counter("tallystick_device_refused_total", "Frames that could not be decoded.");
  const noise = counter("tallystick_device_noise_bytes_total", "Bytes between frames.");
  return (devices) => {
    for (const metric of [state, frames, refused, noise]) metric.reset();
    for (const device of devices) {
      const label = { device: device.id };
      state.set({ ...label, state: device.state }, 1);
      frames.inc(label, device.frames);
      refused.inc(label, device.refused);
      noise.inc(label, device.noiseBytes);
    }
  };
}
