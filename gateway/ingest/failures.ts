type Failures = {
  ACCEPTING_FULL: { readonly waiting: number };
  NOT_ACCEPTING: { readonly reason: string };
  REFUSED: { readonly reason: string };
};

export type IngestFailureCode = keyof Failures;

/** `retry`: nothing was accepted; the same may be sent again (I5). `mend`: the same would be refused again (I8). */
const remedies = {
  ACCEPTING_FULL: "retry",
  NOT_ACCEPTING: "retry",
  REFUSED: "mend",
} as const satisfies Record<IngestFailureCode, "retry" | "mend">;

const sentences: { readonly [Code in IngestFailureCode]: (details: Failures[Code]) => string } = {
  ACCEPTING_FULL: ({ waiting }) => `${waiting} measurements are already on their way to the disk; send this one again`,
  NOT_ACCEPTING: ({ reason }) => reason,
  REFUSED: ({ reason }) => `the measurement was not accepted, because every peer would refuse it: ${reason}`,
};

/** Nothing was accepted. */
export class IngestFailure<Code extends IngestFailureCode = IngestFailureCode> extends Error {
  readonly code: Code;
  readonly remedy: "retry" | "mend";
  readonly details: Failures[Code];

  constructor(code: Code, details: Failures[Code]) {
    super(sentences[code](details));
    this.name = "IngestFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}

/** Whether an error of another stage says that trying again may help. */
export function isRetry(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("remedy" in error && error.remedy === "retry") || ("code" in error && error.code === "QUEUE_FULL");
}

/** I8. */
export const isRefusal = (error: unknown): error is IngestFailure<"REFUSED"> =>
  error instanceof IngestFailure && error.code === "REFUSED";

/** I5. */
export const isClosed = (error: unknown): error is IngestFailure<"NOT_ACCEPTING"> =>
  error instanceof IngestFailure && error.code === "NOT_ACCEPTING";
