import { nearestName } from "../config/index.ts";
import { UsageError } from "./arguments.ts";
import { COMMANDS, helpOf, OVERALL_HELP } from "./help.ts";

type Command = (argv: readonly string[]) => Promise<number>;

/** Loaded when they are used: a command starts in the time of what it needs. */
const commands: Readonly<Record<(typeof COMMANDS)[number], () => Promise<Command>>> = {
  demo: async () => (await import("./demo.ts")).demo,
  run: async () => (await import("./run.ts")).run,
  init: async () => (await import("./init.ts")).init,
  ledger: async () => (await import("./ledger.ts")).ledger,
  "devices-sim": async () => (await import("./devices-sim.ts")).devicesSim,
  device: async () => (await import("./device.ts")).device,
  devices: async () => (await import("./devices.ts")).devices,
  export: async () => (await import("./export.ts")).exportStatements,
  receipt: async () => (await import("./receipt.ts")).receipt,
  verify: async () => (await import("./verify.ts")).verify,
  unpack: async () => (await import("./unpack.ts")).unpack,
  join: async () => (await import("./join.ts")).join,
  config: async () => (await import("./config.ts")).config,
  doctor: async () => (await import("./doctor.ts")).doctor,
};

/** Runs a command line; the exit code. Throws UsageError and the coded failures of what it starts. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(OVERALL_HELP);
    return 0;
  }
  if (name === "--version") {
    const { VERSION } = await import("../runtime/version.ts");
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (!Object.hasOwn(commands, name)) {
    const near = nearestName(name, COMMANDS);
    throw new UsageError(
      `"${name}" is not a command; ${near === null ? 'see "tallystick --help"' : `did you mean "${near}"?`}`,
    );
  }
  const command = name as (typeof COMMANDS)[number];
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(await helpOf(command));
    return 0;
  }
  const runCommand = await commands[command]();
  return runCommand(rest);
}
