/** Why a gateway does not start (C5). Every one of them is said in one sentence and ends the process with exit code 2. */
type Failures = {
  CONFIG_MISSING: { readonly path: string };
  CONFIG_UNREADABLE: { readonly path: string; readonly cause: string };
  CONFIG_WRONG: { readonly sentences: readonly string[] };
  SITE_MISSING: { readonly path: string };
  SITE_WRONG: { readonly path: string; readonly reason: string };
  SITE_IN_USE: { readonly path: string; readonly by: string };
  SECRET_MISSING: { readonly path: string };
  SECRET_EXPOSED: { readonly path: string; readonly mode: string };
  SECRET_UNREADABLE: { readonly path: string; readonly cause: string };
  KEY_FOREIGN: { readonly path: string; readonly gateway: string };
  PORT_BUSY: { readonly host: string; readonly port: number; readonly use: string };
  ADDRESS_UNUSABLE: { readonly host: string; readonly port: number; readonly use: string; readonly cause: string };
  START_FAILED: { readonly what: string; readonly cause: string };
  STATEMENT_DAMAGED: { readonly what: string; readonly reason: string };
};

export type GatewayFailureCode = keyof Failures;

/** `retry`: the same start may succeed later. `restart`: somebody must mend something first. */
export const remedies = {
  CONFIG_MISSING: "restart",
  CONFIG_UNREADABLE: "restart",
  CONFIG_WRONG: "restart",
  SITE_MISSING: "restart",
  SITE_WRONG: "restart",
  SITE_IN_USE: "retry",
  SECRET_MISSING: "restart",
  SECRET_EXPOSED: "restart",
  SECRET_UNREADABLE: "restart",
  KEY_FOREIGN: "restart",
  PORT_BUSY: "retry",
  ADDRESS_UNUSABLE: "restart",
  START_FAILED: "restart",
  STATEMENT_DAMAGED: "restart",
} as const satisfies Record<GatewayFailureCode, "retry" | "restart">;

const sentences: { readonly [Code in GatewayFailureCode]: (details: Failures[Code]) => string } = {
  CONFIG_MISSING: ({ path }) =>
    `there is no ${path}; create a gateway with "tallystick init", or name the right directory with --dir`,
  CONFIG_UNREADABLE: ({ path, cause }) => `${path} cannot be read (${cause}); give this user the right to read it`,
  CONFIG_WRONG: ({ sentences: found }) =>
    found.length === 1 ? (found[0] ?? "") : `${found[0]} (and ${found.length - 1} more: see "tallystick doctor")`,
  SITE_MISSING: ({ path }) =>
    `there is no ${path}; copy the site's SITE.json there from a gateway's directory (or from GET /v1/site of one), or name the right file`,
  SITE_IN_USE: ({ path, by }) => `the site in ${path} is in use by ${by}; stop that first, or choose another --dir`,
  SITE_WRONG: ({ path, reason }) => `${path} cannot be used: ${reason}`,
  SECRET_MISSING: ({ path }) =>
    `the secret ${path} is missing; restore it from the backup of this gateway, a new key would be a stranger to its peers`,
  SECRET_EXPOSED: ({ path, mode }) => `others may read the secret ${path} (mode ${mode}); run "chmod 600 ${path}"`,
  SECRET_UNREADABLE: ({ path, cause }) =>
    `the secret ${path} cannot be used (${cause}); restore it from the backup of this gateway`,
  KEY_FOREIGN: ({ path, gateway }) =>
    `the key ${path} is not the one that SITE.json names for ${gateway}; use the directory that belongs to this site`,
  PORT_BUSY: ({ host, port, use }) =>
    `port ${port} on ${host} (${use}) is in use by another program; stop that program or choose another port`,
  ADDRESS_UNUSABLE: ({ host, port, use, cause }) =>
    `cannot listen on ${host}:${port} (${use}): ${cause}; name an address of this machine`,
  START_FAILED: ({ what, cause }) => `${what} did not start: ${cause}`,
  STATEMENT_DAMAGED: ({ what, reason }) =>
    `the store holds ${what} that cannot be read (${reason}); its file is damaged: read from another gateway of the site, and give this one new keys`,
};

export class GatewayFailure<Code extends GatewayFailureCode = GatewayFailureCode> extends Error {
  readonly code: Code;
  readonly remedy: "retry" | "restart";
  readonly details: Failures[Code];

  constructor(code: Code, details: Failures[Code]) {
    super(sentences[code](details));
    this.name = "GatewayFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}

/** Words for an error of the operating system or of a library, without a stack: its code, else its first line. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && typeof error.code === "string" && error.code.startsWith("E")) return error.code;
  return error.message.split("\n")[0] ?? error.message;
}
