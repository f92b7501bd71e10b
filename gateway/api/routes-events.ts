import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { measurementRow } from "../export/index.ts";
import type { LiveEvent } from "./event-bus.ts";
import type { ApiPort } from "./port.ts";
import { Problem } from "./problems.ts";

/** H6. */
const MAX_CLIENTS = 64;
const MAX_WAITING = 256;
const PAGE = 256;
const HEARTBEAT_MS = 15_000;
const DRAIN_MS = 30_000;

/** Server-sent events (WHATWG HTML 9.2). `drainMs`: how long a client may leave what was sent unread. */
export function registerEvents(app: FastifyInstance, port: ApiPort, drainMs = DRAIN_MS): void {
  const clients = new Set<ServerResponse>();
  // An open stream would keep a stopping server alive for ever.
  app.addHook("preClose", async () => {
    for (const client of clients) client.end();
  });
  app.get(
    "/v1/events",
    { schema: { response: { 200: { type: "string", description: "text/event-stream" } } } },
    async (request, reply) => {
      if (clients.size >= MAX_CLIENTS)
        throw new Problem("busy", `${MAX_CLIENTS} clients already listen; close one of them`);
      const client = reply.raw;
      // The place is taken and given back by what is certain to happen: nothing may be waited for in between, because a client
      // that goes away meanwhile says so only once.
      let stop = (): void => undefined;
      clients.add(client);
      client.once("close", () => {
        clients.delete(client);
        stop();
      });
      const from = await startOf(request.headers["last-event-id"], port);
      reply.hijack();
      if (client.destroyed) return;
      client.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      client.write("retry: 1000\n\n");
      stop = stream(client, port, from, drainMs);
    },
  );
}

/** The index after which `finalized` begins: where the client stopped, else the present end. */
async function startOf(header: string | string[] | undefined, port: ApiPort): Promise<number> {
  if (typeof header === "string" && header !== "") {
    if (!/^(-1|\d{1,15})$/.test(header))
      throw new Problem("bad-request", "Last-Event-ID must be the id of a finalized event");
    return Number(header);
  }
  return (await port.status()).statements - 1;
}

/** Feeds one client as fast as it reads. Finalized statements come from the store; the rest waits in a bounded line. */
function stream(client: ServerResponse, port: ApiPort, from: number, drainMs: number): () => void {
  let cursor = from;
  let pumping = false;
  let again = false;
  let closed = false;
  let dropped = 0;
  const waiting: LiveEvent[] = [];

  const write = (event: string, data: unknown, id?: number): boolean =>
    client.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      // H6: it does not read, and its place is another's.
      const impatience = setTimeout(() => client.destroy(), drainMs);
      const done = (): void => {
        clearTimeout(impatience);
        client.off("drain", done);
        client.off("close", done);
        resolve();
      };
      client.on("drain", done);
      client.on("close", done);
    });

  const writeWaiting = async (): Promise<void> => {
    if (dropped > 0) write("dropped", { events: dropped });
    dropped = 0;
    for (let next = waiting.shift(); next !== undefined && !closed; next = waiting.shift()) {
      if (!write(next.event, next.data)) await drained();
    }
  };

  const writeFinalized = async (): Promise<boolean> => {
    const page = await port.statementsAfter(cursor, PAGE);
    for (const final of page) {
      if (closed) return false;
      cursor = final.index;
      if (!write("finalized", measurementRow(final, port.site), final.index)) await drained();
    }
    return page.length === PAGE;
  };

  const pump = async (): Promise<void> => {
    again = true;
    if (pumping) return;
    pumping = true;
    try {
      while (again && !closed) {
        again = false;
        await writeWaiting();
        if (await writeFinalized()) again = true;
      }
    } finally {
      pumping = false;
    }
  };
  // The store is gone when it cannot be read: the gateway is stopping, and so is this stream.
  const start = (): void => void pump().catch(() => client.end());

  const unlisten = port.events.listen({
    live: (event) => {
      waiting.push(event);
      if (waiting.length > MAX_WAITING) {
        waiting.shift();
        dropped += 1;
      }
      start();
    },
    finalized: start,
  });
  const heartbeat = setInterval(() => client.write(": \n\n"), HEARTBEAT_MS);
  start();
  return () => {
    closed = true;
    clearInterval(heartbeat);
    unlisten();
  };
}
