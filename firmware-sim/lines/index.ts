import type { Fault } from "../faults/index.ts";
import type { Line, LineEvents, LineSettings } from "./line.ts";
import { openPty } from "./pty.ts";
import { listenTcp } from "./tcp-server.ts";

export type { Line, LineEvents, LineSettings } from "./line.ts";

/** Opens a line and stacks the faults on it, the first nearest to the wire. */
export async function openLine(settings: LineSettings, faults: readonly Fault[], events: LineEvents): Promise<Line> {
  const line =
    settings.kind === "pty"
      ? openPty(settings.link, events)
      : await listenTcp(settings.port, settings.host ?? "127.0.0.1", events);
  return faults.reduce<Line>((inner, fault) => fault(inner), line);
}
