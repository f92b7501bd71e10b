import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { ApiPort } from "./port.ts";
import { Problem, sendProblem } from "./problems.ts";
import { registerConfiguration } from "./routes-configuration.ts";
import { registerDevices } from "./routes-devices.ts";
import { registerEvents } from "./routes-events.ts";
import { registerReads } from "./routes-read.ts";
import { registerSubmit } from "./routes-submit.ts";

/** A measurement is some hundred bytes. */
const BODY_BYTES = 16 * 1024;
const VERSION = "1";

export type ApiLimits = {
  /** H6: how long a client of `/v1/events` may leave what was sent unread. Default 30 s. */
  readonly drainMs?: number;
};

/** The whole API over `port`; not listening yet. */
export async function buildApi(port: ApiPort, limits: ApiLimits = {}): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: 10_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 256 },
    // H1: what is refused before a route is found is refused in the same form.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, "bad-request", error.message),
    // What a request says is taken as it is or refused, never bent into shape.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
  });
  registerErrors(app, port);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tallystick gateway",
        version: VERSION,
        description: "Signed, agreed and anchored weight and dimension measurements.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
  });
  await app.register(rateLimit, { global: false });
  registerReads(app, port);
  registerSubmit(app, port);
  registerConfiguration(app, port);
  registerDevices(app, port);
  registerEvents(app, port, limits.drainMs);
  registerHealth(app, port);
  app.get("/v1/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

function registerHealth(app: FastifyInstance, port: ApiPort): void {
  const state = { response: { 200: { type: "object", properties: { status: { type: "string" } } } } } as const;
  app.get("/healthz", { schema: state }, async () => {
    const reason = port.notAlive();
    if (reason !== null) throw new Problem("not-ready", reason);
    return { status: "alive" };
  });
  app.get("/readyz", { schema: state }, async () => {
    const reason = port.notReady();
    if (reason !== null) throw new Problem("not-ready", reason);
    return { status: "ready" };
  });
  app.get("/metrics", { schema: { response: { 200: { type: "string" } } } }, async (_request, reply) => {
    return reply.type(port.metrics.contentType).send(await port.metrics.text(await port.status()));
  });
}

/** H1. */
function registerErrors(app: FastifyInstance, port: ApiPort): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      "not-found",
      `${request.method} ${request.url.split("?")[0]} does not exist; see /v1/openapi.json`,
    ),
  );
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error.code, error.message, error.extra);
    // Nothing was accepted, and the one who asked can help by asking again (H7).
    if ("remedy" in error && error.remedy === "retry") return sendProblem(reply, "busy", error.message);
    if ("remedy" in error && error.remedy === "mend") return sendProblem(reply, "refused", error.message);
    if ("validation" in error && error.validation !== undefined)
      return sendProblem(reply, "bad-request", error.message);
    if (error.statusCode === 413) return sendProblem(reply, "too-large", `the body may have ${BODY_BYTES} bytes`);
    if (error.statusCode === 415)
      return sendProblem(reply, "unsupported-media-type", "send Content-Type: application/json");
    if (error.statusCode === 429) return sendProblem(reply, "too-many", "too many requests; slow down");
    if (error.statusCode !== undefined && error.statusCode < 500) {
      const malformed = request.method === "POST" && error.statusCode === 400;
      return malformed
        ? sendProblem(reply, "wrong-field", "body is not JSON", { field: "body" })
        : sendProblem(reply, "bad-request", error.message);
    }
    port.failed(error);
    return sendProblem(reply, "internal", "the gateway could not answer; its log on stderr says why");
  });
}
