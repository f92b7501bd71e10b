/** R12, R13: this gateway takes nothing now; the reason is a clause. */
export class Closed extends Error {
  override readonly name = "Closed";
  readonly code = "CLOSED";
  readonly remedy = "retry";
  constructor(reason: string) {
    super(`${reason}; this measurement was not accepted`);
  }
}

/** Another root for the same size, cosigned by a quorum: one of us is wrong, and it may be this gateway. */
export class LogDiverged extends Error {
  override readonly name = "LogDiverged";
  readonly code = "LOG_DIVERGED";
  constructor(size: number, ours: string, theirs: string) {
    super(
      `the log has diverged at size ${size}: the root here is ${ours}, a quorum cosigned ${theirs}; stop this gateway and compare its disk with a peer's`,
    );
  }
}
