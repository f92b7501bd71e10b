/** What can go wrong when the embedded ledger starts, with the one thing that helps. */
type Failures = {
  LEDGER_PORT_BUSY: { readonly port: number };
  LEDGER_PORT_UNUSABLE: { readonly port: number; readonly cause: string };
  LEDGER_KEY_UNUSABLE: { readonly path: string; readonly cause: string };
  LEDGER_RECORDS_UNUSABLE: { readonly path: string; readonly cause: string };
  LEDGER_SITE_TWICE: { readonly origin: string };
};

export type LedgerFailureCode = keyof Failures;

const remedies = {
  LEDGER_PORT_BUSY: "retry",
  LEDGER_PORT_UNUSABLE: "restart",
  LEDGER_KEY_UNUSABLE: "restart",
  LEDGER_RECORDS_UNUSABLE: "restart",
  LEDGER_SITE_TWICE: "restart",
} as const satisfies Record<LedgerFailureCode, "retry" | "restart">;

const sentences: { readonly [C in LedgerFailureCode]: (details: Failures[C]) => string } = {
  LEDGER_PORT_BUSY: ({ port }) =>
    `The shared ledger cannot listen on 127.0.0.1:${port} because another program uses that port: stop that program or choose another port.`,
  LEDGER_PORT_UNUSABLE: ({ port, cause }) =>
    `The shared ledger cannot listen on 127.0.0.1:${port} (${cause}): choose a port that this user may open.`,
  LEDGER_KEY_UNUSABLE: ({ path, cause }) =>
    `The key of the shared ledger in ${path} cannot be used (${cause}): restore the file, or start a new ledger in another directory and give its new key to the sites.`,
  LEDGER_RECORDS_UNUSABLE: ({ path, cause }) =>
    `The records of the shared ledger in ${path} cannot be used (${cause}): put the very file back or mend its permissions, else start a new ledger in another directory and give its new key to the sites; a ledger that forgot what it signed must not go on with its key.`,
  LEDGER_SITE_TWICE: ({ origin }) =>
    `Two sites given to the shared ledger have the origin ${origin}: start it with one configuration for each site.`,
};

export class LedgerFailure<C extends LedgerFailureCode = LedgerFailureCode> extends Error {
  readonly code: C;
  readonly remedy: "retry" | "restart";
  readonly details: Failures[C];

  constructor(code: C, details: Failures[C]) {
    super(sentences[code](details));
    this.name = "LedgerFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}
