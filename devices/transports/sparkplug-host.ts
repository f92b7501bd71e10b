import type { PublishedDevice } from "../published-device.ts";
import {
  commandTopic,
  defaultHostTiming,
  type HostDevice,
  type HostEffect,
  type HostInput,
  type HostState,
  type HostTiming,
  type NodeName,
  rebirthCommand,
  startHost,
  stepHost,
} from "../protocols/sparkplug/index.ts";

/** A Sparkplug device and where it is found. */
export type SparkplugDevice = { readonly address: HostDevice["address"]; readonly device: PublishedDevice };

export type SparkplugHost = {
  readonly connected: () => void;
  readonly disconnected: (reason: string) => void;
  readonly gone: (node: NodeName) => void;
  readonly message: (topic: string, payload: Uint8Array) => void;
  readonly close: () => void;
};

/** Y3: messages at QoS 0 that wait for the disk; beyond it they are refused, because nothing can hold them back. */
const MOST_WAITING = 4_096;

/**
 * Runs the host application (`sparkplug`, SP11 to SP14) over any way of hearing the edge nodes: its clock, its timer, the
 * health of its devices. `publish`: at QoS 0, not retained.
 */
export function startSparkplugHost(options: {
  readonly devices: readonly SparkplugDevice[];
  readonly timing?: HostTiming;
  readonly publish: (topic: string, payload: Uint8Array) => void;
}): SparkplugHost {
  const byId = new Map(options.devices.map(({ device }) => [device.settings.id, device]));
  let state: HostState = startHost(
    options.devices.map(({ address, device }) => ({
      id: device.settings.id,
      address,
      settings: device.settings.settings ?? {},
    })),
    options.timing ?? defaultHostTiming,
  );
  let timer: NodeJS.Timeout | null = null;
  let waiting = 0;
  /** Whose last weighing was not recorded. */
  const failing = new Set<PublishedDevice>();

  const now = (): number => performance.now();

  function run(input: HostInput): void {
    const step = stepHost(state, input);
    state = step.state;
    if (timer !== null) clearTimeout(timer);
    timer = step.wakeAtMs === null ? null : setTimeout(() => run({ kind: "tick", atMs: now() }), wait(step.wakeAtMs));
    for (const effect of step.effects) perform(effect);
  }

  function perform(effect: HostEffect): void {
    if (effect.kind === "rebirth") {
      options.publish(commandTopic(effect.to), rebirthCommand(Date.now()));
      return;
    }
    const device = byId.get(effect.device);
    if (device === undefined) throw new Error(`the host speaks of device ${effect.device}, which it was not given`);
    switch (effect.kind) {
      case "born":
        return device.online();
      case "stale":
        return device.offline(effect.reason === null ? "connecting" : "silent", effect.reason);
      case "heard":
        return device.heard();
      case "refused":
        return device.refuse(effect.bytes, effect.reason);
      case "frame":
        return void take(device, effect.frame);
    }
  }

  /** Y3: nobody repeats a message of QoS 0, so what is not recorded has to be seen. */
  async function take(device: PublishedDevice, frame: Uint8Array): Promise<void> {
    if (waiting >= MOST_WAITING) return device.refuse(frame, `${waiting} weighings already wait for the disk`);
    waiting += 1;
    try {
      await device.take(frame);
      if (failing.delete(device)) device.online();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      device.refuse(frame, `it was not recorded: ${reason}`);
      failing.add(device);
      device.offline("silent", `a weighing of ${device.settings.id} was not recorded: ${reason}`);
    } finally {
      waiting -= 1;
    }
  }

  return {
    connected: () => run({ kind: "connected", atMs: now() }),
    disconnected: (reason) => run({ kind: "disconnected", atMs: now(), reason }),
    gone: (node) => run({ kind: "gone", node, atMs: now() }),
    message: (topic, payload) => run({ kind: "message", topic, payload, atMs: now() }),
    close: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };

  function wait(atMs: number): number {
    return Math.max(0, Math.ceil(atMs - now()));
  }
}
