import { type DeviceControls, type Fault, withFaults } from "../faults/index.ts";
import type { Line, LineEvents, LineSettings } from "./line.ts";
import { openFifo } from "./fifo.ts";
import { openPty } from "./pty.ts";
import { listenTcp } from "./tcp-server.ts";

export type { Line, LineEvents, LineSettings } from "./line.ts";

/** Opens a line and stacks the faults of the device on it, the first nearest to the wire. */
export async function openLine(
  settings: LineSettings,
  faults: readonly Fault[],
  events: LineEvents,
  device: DeviceControls,
): Promise<Line> {
  let hear = events.received;
  const line = await opened(settings, { ...events, received: (bytes) => hear(bytes) });
  const wire = withFaults(faults, { line, hear, device });
  ({ hear } = wire);
  return wire.line;
}

async function opened(settings: LineSettings, events: LineEvents): Promise<Line> {
  switch (settings.kind) {
    case "pty":
      return openPty(settings.link, events);
    case "fifo":
      return openFifo(settings.path);
    case "tcp":
      return listenTcp(settings.port, settings.host ?? "127.0.0.1", events);
    case "given":
      return settings.open(events);
  }
}
