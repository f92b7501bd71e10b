import { listHidScales, listPorts } from "../../devices/index.ts";
import { readArguments } from "./arguments.ts";
import { table } from "./table.ts";

/** `tallystick devices list`: what is plugged in now. */
export async function devicesList(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("devices", argv, { json: "flag" });
  const ports = [...(await listPorts()), ...(await listHidScales())];
  if (options.json) {
    process.stdout.write(`${JSON.stringify(ports)}\n`);
    return 0;
  }
  if (ports.length === 0) {
    process.stdout.write("no serial ports and no USB scales: plug one in (TCP and MQTT devices need none)\n");
    return 0;
  }
  const rows = ports.map(({ path, vid, pid, serial, manufacturer, byId }) => [
    path,
    vid === null ? "-" : `${vid}:${pid ?? "?"}`,
    serial ?? "-",
    manufacturer ?? "-",
    byId ?? "-",
  ]);
  process.stdout.write(table(["PORT", "USB", "SERIAL", "MADE BY", "STABLE NAME"], rows));
  return 0;
}
