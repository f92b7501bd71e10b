import { z } from "zod";

/**
 * What a gateway says of itself at `GET /v1/status`, as far as the overview shows it. Unknown keys are dropped, so a newer
 * gateway may say more; every text and list has a bound, because what arrives from a port is not trusted (O3).
 */
export type GatewayStatus = z.infer<typeof statusSchema>;
export type Measurement = z.infer<typeof measurementSchema>;

export type Parsed<Value> =
  | { readonly kind: "accept"; readonly value: Value }
  | { readonly kind: "reject"; readonly reason: string };

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
const count = z.int().min(0);
const text = z.string().max(1000);

const cutOff = z.object({ untilMs: count, reason: text }).nullable();

const statusSchema = z.object({
  site: name,
  gateway: name,
  pid: count,
  version: text,
  view: count,
  finalizedView: count,
  /** Leaves of the log, which are bundles. */
  logSize: count,
  logRoot: z.string().regex(/^[0-9a-f]{64}$/),
  /** Final statements of all lanes. */
  statements: count,
  checkpoint: z.object({ size: count, root: text }).nullable(),
  /** Leaves of the log that the shared ledger has recorded. */
  anchoredSize: count,
  counts: z.object({ accepted: count, final: count, anchored: count }),
  /** How many bundles of each lane the gateway has on disk, and how many of them are certified, final and in its log. */
  lanes: z
    .array(z.object({ gateway: name, held: count, certified: count, finalized: count, executed: count }))
    .max(500),
  peers: z
    .array(z.object({ gateway: name, connected: z.boolean(), reason: text.nullable(), cutOff: cutOff.default(null) }))
    .max(500),
  devices: z
    .array(
      z.object({
        id: name,
        station: name,
        state: text,
        place: text.nullable(),
        lastFrameAt: z.number().nullable(),
        frames: count,
        refused: count,
        noiseBytes: count,
        /** The newest refused frames and runs of noise, oldest first. */
        lastBad: z.array(z.object({ at: z.number(), hex: z.string().max(1024), reason: text })).max(10),
        /** One sentence while something is wrong with the device. */
        lastError: text.nullable(),
      }),
    )
    .max(1000),
  queues: z.record(text, z.number()),
  refusals: z.array(z.object({ lane: name, number: count, by: name, reason: text })).max(1000),
  evidence: z
    .array(z.object({ id: z.string().regex(/^[0-9a-f]{64}$/), fault: text, gateway: name, about: text }))
    .max(1000),
  evidenceKept: count,
  halted: text.nullable(),
});

const measurementSchema = z.object({
  index: count,
  gateway: name,
  number: count,
  item: z.string().min(1).max(64),
  /** Exact decimal string of grams; its digits are the resolution that the scale displayed. */
  massGrams: z.string().regex(/^-?\d{1,15}(\.\d{1,12})?$/),
  dimensionsMm: z.array(z.number()).length(3),
  predictedGrams: count,
  lowGrams: count,
  highGrams: count,
  verdict: z.enum(["accept", "flag"]),
  reasons: z.array(text).max(32),
  at: z.number(),
});

const pageSchema = z.array(measurementSchema).max(1000);

export function parseStatus(json: unknown): Parsed<GatewayStatus> {
  return verdict(statusSchema.safeParse(json));
}

/** A page of `GET /v1/measurements`, in log order. */
export function parseMeasurements(json: unknown): Parsed<readonly Measurement[]> {
  return verdict(pageSchema.safeParse(json));
}

function verdict<Value>(result: z.ZodSafeParseResult<Value>): Parsed<Value> {
  if (result.success) return { kind: "accept", value: result.data };
  const issue = result.error.issues[0];
  return { kind: "reject", reason: issue === undefined ? "unreadable" : `${issue.path.join(".")}: ${issue.message}` };
}
