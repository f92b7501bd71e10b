import { nearestName } from "../config/index.ts";
import { UsageError } from "./arguments.ts";

type Subcommand = (argv: readonly string[]) => Promise<number>;

const subcommands: Readonly<Record<string, () => Promise<Subcommand>>> = {
  list: async () => (await import("./devices-list.ts")).devicesList,
  probe: async () => (await import("./devices-probe.ts")).devicesProbe,
  acknowledge: async () => (await import("./devices-acknowledge.ts")).devicesAcknowledge,
};

/** `tallystick devices`: real devices, on this machine or of a gateway. */
export async function devices(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const known = Object.keys(subcommands);
  if (name === undefined)
    throw new UsageError(`one of ${known.join(", ")} is missing; see "tallystick devices --help"`);
  const load = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (load === undefined) {
    const near = nearestName(name, known);
    const hint = near === null ? `use ${known.join(", ")}` : `did you mean "${near}"?`;
    throw new UsageError(`"devices ${name}" is not a command; ${hint}`);
  }
  const run = await load();
  return run(rest);
}
