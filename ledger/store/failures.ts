/** What can go wrong in the world of the store, with the one thing that helps. */
type Failures = {
  STORE_UNREADABLE: { readonly path: string; readonly cause: string };
  STORE_NOT_A_DATABASE: { readonly path: string; readonly cause: string };
  STORE_NEWER: { readonly path: string; readonly found: number; readonly known: number };
  STORE_OF_ANOTHER: { readonly path: string; readonly theirs: string; readonly ours: string };
  STORE_LOST: { readonly path: string };
  STORE_IN_USE: { readonly path: string };
  STORE_WRITE_FAILED: { readonly path: string; readonly cause: string };
  STORE_STOPPED: { readonly path: string; readonly cause: string };
};

export type StoreFailureCode = keyof Failures;

/** `restart`: memory and disk may disagree; exit, mend what the sentence names, and let recovery read the disk. */
const remedies = {
  STORE_UNREADABLE: "restart",
  STORE_NOT_A_DATABASE: "restart",
  STORE_NEWER: "restart",
  STORE_OF_ANOTHER: "restart",
  STORE_LOST: "restart",
  STORE_IN_USE: "retry",
  STORE_WRITE_FAILED: "restart",
  STORE_STOPPED: "restart",
} as const satisfies Record<StoreFailureCode, "retry" | "restart">;

const sentences: { readonly [C in StoreFailureCode]: (details: Failures[C]) => string } = {
  STORE_UNREADABLE: ({ path, cause }) =>
    `The store ${path} cannot be opened (${cause}): make sure that its directory exists and that this user may read and write it.`,
  STORE_NOT_A_DATABASE: ({ path, cause }) =>
    `The store ${path} is damaged or not a Tallystick store (${cause}): move it away, and give the gateway new keys before it joins the site again, because its votes are lost with it.`,
  STORE_NEWER: ({ path, found, known }) =>
    `The store ${path} was written by a newer Tallystick (format ${found}, this version knows ${known}): install that version.`,
  STORE_OF_ANOTHER: ({ path, theirs, ours }) =>
    `The store ${path} belongs to ${theirs}, not to ${ours}: start the gateway with its own directory.`,
  STORE_LOST: ({ path }) =>
    `The store ${path} is missing or empty, although this gateway has signed with its keys: put the very file back if it was only moved, else give the gateway new keys (an older copy is no help), because without its votes it may contradict what it signed.`,
  STORE_IN_USE: ({ path }) =>
    `The store ${path} is in use by another process: stop the gateway that runs on this directory first.`,
  STORE_WRITE_FAILED: ({ path, cause }) =>
    `The store ${path} could not be written (${cause}): free or repair the disk, then start the gateway again.`,
  STORE_STOPPED: ({ path, cause }) => `The store ${path} accepts nothing any more (${cause}): start the gateway again.`,
};

export class StoreFailure<C extends StoreFailureCode = StoreFailureCode> extends Error {
  readonly code: C;
  readonly remedy: "retry" | "restart";
  readonly details: Failures[C];

  constructor(code: C, details: Failures[C]) {
    super(sentences[code](details));
    this.name = "StoreFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}

/** A failure as it crosses the thread boundary, where an Error would lose its class. */
export type PlainFailure = { readonly code: StoreFailureCode; readonly details: Failures[StoreFailureCode] };

export function plainFailure(failure: StoreFailure): PlainFailure {
  return { code: failure.code, details: failure.details };
}

export function revived({ code, details }: PlainFailure): StoreFailure {
  return new StoreFailure(code, details);
}

export function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
