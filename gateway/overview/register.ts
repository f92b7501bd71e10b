import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { lastStatus } from "./answer.ts";
import type { GatewayAddress, Memory } from "./collect.ts";
import { askAll, askNewest } from "./collect.ts";
import type { Overview, OverviewProcess } from "./overview.ts";
import { countersOf, overviewOf } from "./overview.ts";
import type { Sample } from "./rates.ts";
import { ratesOf, withSample } from "./rates.ts";

export type OverviewOptions = {
  readonly site: string;
  /** In the order of the site configuration; `url` without a slash at its end, for example http://127.0.0.1:8081. */
  readonly gateways: readonly GatewayAddress[];
  /** What the parent of the processes knows of them, asked at every look. */
  readonly processes?: () => readonly OverviewProcess[];
  /** Milliseconds since 1970; the system's clock unless given. */
  readonly nowMs?: () => number;
};

/** O2: however many people look, one look is under way at a time, and its answer serves for this long. */
const FRESH_MS = 400;

/** The page needs nothing but its own files: no inline script or style, no other host (O1). */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the page at `/` and what it shows at `GET /v1/overview`. Read-only: nothing here changes a gateway. */
export function registerOverview(app: FastifyInstance, options: OverviewOptions): void {
  const look = observer(options);
  app.addHook("onSend", async (_request, reply) => {
    void reply.headers({
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });
  void app.register(fastifyStatic, { root: new URL("./page/", import.meta.url), cacheControl: true, maxAge: 0 });
  app.get("/v1/overview", async (_request, reply) => {
    void reply.header("cache-control", "no-store");
    return look();
  });
}

/** Remembers what the gateways last said, and shares one look between all who ask (O2). */
function observer(options: OverviewOptions): () => Promise<Overview> {
  const nowMs = options.nowMs ?? Date.now;
  let memory: Memory = { firstAskedMs: nowMs(), last: new Map() };
  let samples: readonly Sample[] = [];
  let latest: Promise<Overview> | null = null;
  let freshUntilMs = 0;

  const look = async (): Promise<Overview> => {
    const answers = await askAll(options.site, options.gateways, memory, nowMs);
    const measurements = await askNewest(answers);
    const atMs = nowMs();
    memory = {
      ...memory,
      last: new Map([
        ...memory.last,
        ...answers.flatMap((answer) =>
          answer.kind === "answering" ? [[answer.name, { status: answer.status, atMs }] as const] : [],
        ),
      ]),
    };
    const heard = answers.filter((answer) => lastStatus(answer) !== null).length;
    samples = withSample(samples, { atMs, heard, counters: countersOf(answers) });
    const processes = options.processes?.() ?? [];
    return overviewOf({ site: options.site, atMs, answers, measurements, rates: ratesOf(samples), processes });
  };

  return async () => {
    if (latest === null || nowMs() >= freshUntilMs) {
      // Everybody who asks while a look is under way shares it.
      freshUntilMs = Number.POSITIVE_INFINITY;
      latest = look().finally(() => {
        freshUntilMs = nowMs() + FRESH_MS;
      });
    }
    return latest;
  };
}
