import type { DeviceSettings } from "../../../devices/index.ts";
import type { Connect, ConnectionEvents } from "../../../devices/transports/connection.ts";
import type { Line, LineEvents, LineSettings } from "../../../firmware-sim/lines/index.ts";

/** A line between a device and a host in one process. An unplugged one tells its host nothing, as serial adapters do. */
export type VirtualLine = {
  readonly device: LineSettings;
  /** `port`: of the device, where it listens on one. */
  readonly transport: (port: number | null) => DeviceSettings["transport"];
};

/** A real one, for a device with a web server. */
export const webLine: VirtualLine = {
  device: { kind: "tcp", port: 0 },
  transport: (port) => ({ kind: "http", url: `http://127.0.0.1:${port}/api/dimension/` }),
};

/** So that nobody's answer comes before the question was put. */
const WAY_MS = 1;

export function virtualLine(): VirtualLine {
  let host: ConnectionEvents | null = null;
  let heardByDevice: LineEvents = { received: () => {}, linked: () => {} };
  let plugged = false;

  const line: Line = {
    write: (bytes) => {
      if (!plugged || host === null) return false;
      const to = host;
      const sent = bytes.slice();
      setTimeout(() => {
        if (plugged && host === to) to.received(sent);
      }, WAY_MS);
      return true;
    },
    linked: () => plugged && host !== null,
    unplug: () => {
      plugged = false;
      heardByDevice.linked(false);
    },
    plug: async () => {
      plugged = true;
      if (host !== null) heardByDevice.linked(true);
    },
    close: async () => {
      plugged = false;
    },
  };

  const connect: Connect = (events) => {
    const opening = setTimeout(() => {
      if (!plugged) {
        events.closed("the port does not exist");
        return;
      }
      host = events;
      events.opened("the virtual line");
      heardByDevice.linked(true);
    }, WAY_MS);
    return {
      write: (bytes) => {
        const sent = bytes.slice();
        setTimeout(() => {
          if (plugged && host === events) heardByDevice.received(sent);
        }, WAY_MS);
      },
      close: async () => {
        clearTimeout(opening);
        if (host !== events) return;
        host = null;
        if (plugged) heardByDevice.linked(false);
      },
    };
  };

  return {
    transport: () => ({ kind: "given", connect }),
    device: {
      kind: "given",
      open: (events) => {
        heardByDevice = events;
        plugged = true;
        return line;
      },
    },
  };
}
