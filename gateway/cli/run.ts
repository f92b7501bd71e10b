import { createGateway, type Log } from "../runtime/index.ts";
import { needed, readArguments } from "./arguments.ts";
import { endWithin, stopRequested, tellReady } from "./lifetime.ts";

const STOP_MS = 3_000;

/** `tallystick run`: one gateway until a signal, or until it cannot go on. */
export async function run(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("run", argv, { dir: "text", json: "flag" });
  const dir = needed("run", "dir", options.dir);
  const log = options.json ? await jsonLog() : plainLog();
  const stop = stopRequested();
  const failed = Promise.withResolvers<Error>();
  const onFailed = (error: Error): void => {
    log.alarm(error.message);
    if (!mayStay(error)) failed.resolve(error);
  };
  const gateway = await createGateway({ dir, log, failed: onFailed });
  // U4. Absent in a process that was started without the flags of a gateway.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { settings, site } = gateway.config;
  log.info(
    `gateway ${settings.gateway} of site ${site.site} is ready: API on http://${settings.api.host}:${settings.api.port}`,
  );
  tellReady();
  const ending = await Promise.race([stop, failed.promise]);
  const asked = typeof ending === "string";
  if (asked) log.info(`stopping: ${ending}`);
  // L2: whoever started the process looks there for why it ended. Not after the stop, which a broken disk can keep from ending.
  else process.stderr.write(`tallystick: ${ending.message}\n`);
  endWithin(STOP_MS, asked ? 0 : 1);
  await gateway.stop();
  // Detached from the parent the channel would keep this process alive.
  if (process.connected) process.disconnect();
  return asked ? 0 : 1;
}

/** N6: a diverged log or an old disk stays up to say so; anything else ends the process, and recovery reads the disk. */
const mayStay = (error: Error): boolean =>
  "code" in error && (error.code === "LOG_DIVERGED" || error.code === "OLD_COPY");

function plainLog(): Log {
  const write = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  return { info: write, alarm: (line) => write(`! ${line}`) };
}

async function jsonLog(): Promise<Log> {
  const { default: pino } = await import("pino");
  const logger = pino({ base: null });
  return { info: (line) => logger.info(line), alarm: (line) => logger.warn(line) };
}
