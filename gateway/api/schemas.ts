/** JSON Schemas (draft 2020-12 subset) of what the routes take and give: checked by Fastify, shown by /v1/openapi.json. */
const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;
const nullable = (schema: object): object => ({ anyOf: [schema, { type: "null" }] });
const object = (properties: Readonly<Record<string, object>>, description?: string): object => ({
  type: "object",
  required: Object.keys(properties),
  properties,
  ...(description === undefined ? {} : { description }),
});
const list = (items: object): object => ({ type: "array", items });

export const nameParameter = { type: "string", pattern: "^[a-z0-9][a-z0-9-]{0,31}$" } as const;
export const numberParameter = { type: "string", pattern: "^[0-9]{1,15}$" } as const;

export const problem = object(
  { type: text, title: text, status: count, detail: text, code: text },
  "RFC 9457 problem document",
);

export const measurement = object(
  {
    index: count,
    gateway: text,
    number: count,
    item: text,
    massGrams: { type: "string", description: "exact decimal" },
    dimensionsMm: { type: "array", items: { type: "number" }, minItems: 3, maxItems: 3 },
    predictedGrams: count,
    verdict: { type: "string", enum: ["accept", "flag"] },
    at: { type: "integer", description: "Unix ms" },
    station: text,
    lowGrams: count,
    highGrams: count,
    reasons: list(text),
  },
  "A finalized statement",
);

export const measurements = list(measurement);

export const measurementQuery = {
  type: "object",
  additionalProperties: false,
  properties: {
    after: { type: "string", pattern: "^(-1|[0-9]{1,15})$", description: "index; default: from the first" },
    limit: { type: "string", pattern: "^[0-9]{1,5}$", description: "1 to 1000, default 100" },
  },
} as const;

export const place = {
  type: "object",
  required: ["gateway", "number"],
  properties: { gateway: nameParameter, number: numberParameter },
} as const;

/** H4 is checked by `parseSubmission`, which names the field; this only documents it. */
export const submission = {
  type: "object",
  description: "massGrams or massKg, exact: a decimal text, or a whole number",
  properties: {
    item: { type: "string", description: "1 to 64 printable ASCII characters" },
    station: {
      type: "string",
      description: "needed when this gateway has several stations with a device of protocol api",
    },
    massGrams: { type: ["string", "integer"] },
    massKg: { type: ["string", "integer"] },
    dimensionsMm: { type: "array", items: { type: ["string", "integer"] }, description: "length, width, height" },
  },
} as const;

export const accepted = object({ gateway: text, number: count });

const evidenceEntry = object(
  {
    id: { type: "string", pattern: "^[0-9a-f]{64}$" },
    gateway: text,
    fault: text,
    about: { ...text, description: "completes the sentence that begins with the gateway's name" },
  },
  "What a gateway signed and an honest one would not have",
);

export const evidence = list(evidenceEntry);

export const deviceId = {
  type: "object",
  required: ["id"],
  properties: { id: nameParameter },
} as const;

export const evidenceId = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", pattern: "^[0-9a-f]{64}$" } },
} as const;

export const device = object({
  id: text,
  station: text,
  protocol: text,
  state: {
    type: "string",
    enum: ["connecting", "online", "silent", "garbled", "wrong-device", "quarantined", "closed"],
  },
  place: { ...nullable(text), description: "where its line was last opened, with its settings" },
  serial: nullable(text),
  lastFrameAt: nullable({ type: "integer" }),
  frames: count,
  refused: count,
  noiseBytes: count,
  lastBad: {
    ...list(object({ at: { type: "integer" }, hex: text, reason: text })),
    description: "the last 10 refused frames and runs of noise, oldest first",
  },
  quarantine: {
    ...nullable(object({ since: { type: "integer" }, kind: text, was: text, shows: text })),
    description: "it shows another unit or resolution than before: nothing of it is used until that is acknowledged",
  },
  lastError: nullable(text),
});

export const status = object({
  site: text,
  epoch: count,
  gateway: text,
  pid: count,
  version: text,
  view: count,
  finalizedView: count,
  leader: { ...text, description: "who leads the current view" },
  seed: { ...text, description: "from which later leaders are drawn; zeros before the first reveal" },
  logSize: { ...count, description: "leaves of the log: bundles" },
  logRoot: text,
  statements: count,
  checkpoint: nullable(object({ size: count, root: text })),
  anchoredSize: count,
  counts: object({ accepted: count, final: count, anchored: count }),
  lanes: list(
    object({
      gateway: text,
      held: { type: "integer" },
      certified: { type: "integer" },
      finalized: { type: "integer" },
      executed: { type: "integer" },
    }),
  ),
  // `rejected` counts messages that no honest gateway sends; too many, or too much work for nothing, and it is cut off for a while.
  peers: list(
    object({
      gateway: text,
      connected: { type: "boolean" },
      reason: nullable(text),
      rejected: count,
      lastRejected: nullable(text),
      cutOffs: count,
      cutOff: nullable(object({ untilMs: count, reason: text })),
    }),
  ),
  devices: list(device),
  queues: { type: "object", additionalProperties: { type: "number" } },
  refusals: list(object({ lane: text, number: count, by: text, reason: text })),
  evidence: list(evidenceEntry),
  evidenceKept: count,
  halted: nullable(text),
});

export const configuration = object({
  epoch: count,
  configHash: text,
  gateways: list(object({ name: text, left: { type: "boolean" } })),
  approvalsNeeded: count,
  unsealed: { ...count, description: "own bundles that wait to be signed with this gateway's new key" },
  successors: list(
    object({ configHash: text, changes: list(text), approvedBy: list(text), approved: { type: "boolean" } }),
  ),
});

export const approval = {
  type: "object",
  required: ["configHash"],
  additionalProperties: false,
  properties: { configHash: { type: "string", pattern: "^[0-9a-f]{64}$" } },
} as const;

const sighting = object({ gateway: text, number: count, massGrams: text, at: { type: "integer" }, verdict: text });

export const item = object({
  item: text,
  count,
  flagged: count,
  latest: object({
    gateway: text,
    number: count,
    index: count,
    at: { type: "integer" },
    massGrams: text,
    dimensionsMm: { type: "array", items: { type: "number" } },
    verdict: text,
    reasons: list(text),
  }),
  history: list(sighting),
  disputes: list({ type: "object" }),
});
