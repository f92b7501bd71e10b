import { setTimeout as sleep } from "node:timers/promises";
import { startTemporarySite, type TemporarySite } from "../../gateway/site/index.ts";
import { startLoad } from "../load.ts";
import { metricsOf } from "../metrics-of.ts";

export type MessageFigures = {
  readonly acceptedPerSecond: number;
  /** Messages with a PUBACK, from the first to the last. */
  readonly acknowledged: number;
  /** Final statements after the gateway was killed (kill -9) behind the last PUBACK and started again. */
  readonly kept: number;
  readonly lost: number;
  readonly doubled: number;
};

const WARM_UP_MS = 10_000;
const GATEWAY = "gw-1";
/** A restarted gateway makes final what its disk holds. */
const LOOK_MS = 500;
const STILL_LOOKS = 6;

/** One gateway process with its broker; a sensor publishes SenML at QoS 1 from a process of its own. */
export async function messageFigures(ratePerSecond: number, seconds: number): Promise<MessageFigures> {
  const site = await startTemporarySite({ gateways: 1, stations: "mqtt", simulation: null, restart: false });
  const url = site.apis[0]?.url ?? "";
  try {
    const stopLoad = await startLoad(site, ratePerSecond);
    await sleep(WARM_UP_MS);
    const before = await metricsOf(url);
    const beganMs = performance.now();
    await sleep(seconds * 1_000);
    const after = await metricsOf(url);
    const ms = performance.now() - beganMs;
    const { acknowledged } = await stopLoad();
    await killAndStart(site);
    const kept = await finalStatements(url);
    return {
      acceptedPerSecond: Math.round(((after.accepted - before.accepted) * 1_000) / ms),
      acknowledged,
      kept,
      lost: Math.max(0, acknowledged - kept),
      doubled: Math.max(0, kept - acknowledged),
    };
  } finally {
    await site.stop();
    await site.remove();
  }
}

async function killAndStart({ processes }: TemporarySite): Promise<void> {
  processes.kill(GATEWAY, "SIGKILL");
  while (processes.list().some(({ name, pid }) => name === GATEWAY && pid !== null)) await sleep(20);
  await processes.again(GATEWAY);
}

/** Once they grow no more. */
async function finalStatements(url: string): Promise<number> {
  let last = -1;
  for (let still = 0; still < STILL_LOOKS; ) {
    await sleep(LOOK_MS);
    const answer = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(5_000) });
    const { statements } = (await answer.json()) as { readonly statements: number };
    still = statements === last ? still + 1 : 0;
    last = statements;
  }
  return last;
}
