import { join, relative } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { registerOverview } from "../overview/index.ts";
import {
  checkPortsFree,
  holdSite,
  LAST_BASE_PORT,
  type MadeSite,
  makeProcesses,
  makeSite,
  MOST_GATEWAYS,
  type Processes,
  type ProcessEvent,
  removeSite,
  type RunningSite,
  type SitePlan,
  startSite,
  usedPorts,
  writeSimulation,
} from "../site/index.ts";
import { positiveNumber, readArguments, wholeNumber } from "./arguments.ts";
import { firstAnchored, watchSite } from "./demo-progress.ts";
import { endWithin, stopRequested } from "./lifetime.ts";

const SITE = "demo";
const SEED = 1;

type DemoOptions = {
  readonly dir: string;
  readonly plan: SitePlan;
  readonly ratePerSecond: number;
  readonly fresh: boolean;
  readonly forMs: number | null;
  readonly bare: boolean;
  readonly restart: boolean;
};

/** On a terminal the quiet line of `watchSite` stands in place: it is cleared first, and drawn again below. */
const say = (line: string): void => void process.stdout.write(`${process.stdout.isTTY ? "\r\x1b[K" : ""}${line}\n`);

/** `tallystick demo`: a whole site as processes of their own, until Ctrl-C. */
export async function demo(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  const startedAt = performance.now();
  const stop = stopRequested();
  // M8: both are looked at before anything is changed.
  await checkPortsFree(usedPorts(options.plan, !options.bare));
  const release = await holdSite(options.dir);
  if (options.fresh) await removeSite(options.dir);
  const made = await makeSite(options.dir, options.plan);
  say(
    `${made.created ? "created" : "going on with"} site ${SITE} in ${options.dir}: ${options.plan.gateways} gateways`,
  );
  const processes = makeProcesses({ logDir: join(made.dir, "logs"), restart: options.restart, onEvent: tell });
  const web = Fastify({ logger: false, forceCloseConnections: true });
  try {
    const site = await bringUp(made, options, processes, web, stop);
    return site === null ? 0 : await showUntilStopped(site, made, options, startedAt, stop);
  } finally {
    endWithin(5_000, 1);
    await Promise.all([web.close(), processes.stop()]);
    release();
  }
}

function optionsOf(argv: readonly string[]): DemoOptions {
  const { options } = readArguments("demo", argv, {
    dir: "text",
    gateways: "text",
    rate: "text",
    port: "text",
    fresh: "flag",
    for: "text",
    bare: "flag",
    "no-restart": "flag",
  });
  const gateways = wholeNumber("gateways", options.gateways, 4, 1, MOST_GATEWAYS);
  const basePort = wholeNumber("port", options.port, 8_080, 1, LAST_BASE_PORT);
  return {
    dir: options.dir ?? "./site",
    plan: { site: SITE, gateways, basePort, stations: "simulated" },
    ratePerSecond: positiveNumber("rate", options.rate, gateways),
    fresh: options.fresh,
    forMs: options.for === null ? null : positiveNumber("for", options.for, 0) * 1_000,
    bare: options.bare,
    restart: !options["no-restart"],
  };
}

/** What a person must know of the processes, one line each. */
function tell(event: ProcessEvent): void {
  if (event.kind === "ready") {
    if (event.again) say(`gateway ${event.name} returned`);
    return;
  }
  const what = event.name.startsWith("gw-") ? `gateway ${event.name}` : `the ${event.name} process`;
  say(`${what} left (${event.how})${event.how.startsWith("SIG") ? "" : `: ${event.sentence}`}`);
  if (event.down) say(`${what} stays down until the demo is started again`);
}

/** Null = asked to stop before everything was up. */
async function bringUp(
  made: MadeSite,
  options: DemoOptions,
  processes: Processes,
  web: FastifyInstance,
  stop: Promise<string>,
): Promise<RunningSite | null> {
  const { plan } = options;
  const simulation = options.bare
    ? null
    : await writeSimulation(made, plan, { ratePerSecond: options.ratePerSecond, seed: SEED });
  say(`starting the shared ledger, ${plan.gateways} gateways${options.bare ? "" : " and their simulated devices"}`);
  const starting = startSite({ made, plan, processes, simulation });
  const site = await Promise.race([starting, stop.then(() => null)]);
  if (site === null) {
    // The processes are stopped by the caller, which is why they end before they are ready.
    starting.catch(() => undefined);
    return null;
  }
  registerOverview(web, {
    site: SITE,
    gateways: site.apis,
    processes: () =>
      processes
        .list()
        .map(({ name, pid, state }) => ({ name, pid, state: state === "starting" ? "restarting" : state })),
  });
  await web.listen({ host: "127.0.0.1", port: plan.basePort });
  return site;
}

async function showUntilStopped(
  site: RunningSite,
  made: MadeSite,
  options: DemoOptions,
  startedAt: number,
  stop: Promise<string>,
): Promise<number> {
  const ending = options.forMs === null ? stop : Promise.race([stop, after(options.forMs)]);
  const abort = new AbortController();
  void ending.then(() => abort.abort());
  say(`overview     http://127.0.0.1:${options.plan.basePort}/`);
  if (!options.bare) {
    say("agreeing on the first measurement");
    const file = join(made.dir, "receipts", "first.receipt");
    const first = await firstAnchored(site.apis, made.created, file, abort.signal);
    if (first !== null) {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      say(`first anchored measurement after ${seconds} s: ${first.gateway}/${first.number}`);
      say(`verify it    npx tallystick verify ${shown(file)} --site ${shown(join(made.dir, "SITE.json"))}`);
    }
  }
  say("Ctrl-C stops everything");
  await watchSite(site.apis, abort.signal);
  await ending;
  say("stopping");
  return 0;
}

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
};

const after = (ms: number): Promise<string> =>
  new Promise((resolve) => {
    setTimeout(() => resolve("time"), ms).unref();
  });
