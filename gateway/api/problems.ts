import type { FastifyReply } from "fastify";

/** H1: every way in which this API says no. */
export const PROBLEMS = {
  "not-found": { status: 404, title: "Not found" },
  "unknown-measurement": { status: 404, title: "No such measurement" },
  "unknown-item": { status: 404, title: "No such item" },
  "unknown-device": { status: 404, title: "No such device" },
  "unknown-evidence": { status: 404, title: "No such evidence" },
  "no-checkpoint": { status: 404, title: "No checkpoint yet" },
  "not-final": { status: 409, title: "Not final yet" },
  "not-anchored": { status: 409, title: "Not anchored yet" },
  "bad-request": { status: 400, title: "Bad request" },
  "wrong-field": { status: 422, title: "A field is wrong" },
  refused: { status: 422, title: "This measurement cannot be accepted" },
  unauthorized: { status: 401, title: "The gateway's token is needed" },
  "too-large": { status: 413, title: "Request too large" },
  "unsupported-media-type": { status: 415, title: "JSON is needed" },
  "too-many": { status: 429, title: "Too many requests" },
  busy: { status: 503, title: "Busy" },
  "not-ready": { status: 503, title: "Not ready" },
  internal: { status: 500, title: "Internal error" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Sends a problem document (RFC 9457). `detail` is one sentence: what, where, what to do. */
export function sendProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const { status, title } = PROBLEMS[code];
  if (status === 409 || status === 503) void reply.header("retry-after", "1");
  if (status === 401) void reply.header("www-authenticate", 'Bearer realm="tallystick"');
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: `urn:tallystick:problem:${code}`, title, status, detail, code, ...extra }));
}

/** A no that is thrown from below a handler. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.extra = extra;
  }
}
