/**
 * C5: a broken invariant is a bug: a gateway that is unsure must not sign, so the process stops and recovery reads the disk.
 */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

export function invariant(holds: boolean, message: string): asserts holds {
  if (!holds) throw new InvariantBroken(message);
}

/** A9: this gateway has met a signature of its own that is not on its disk. It must not sign any more, and says so. */
export class OldCopy extends InvariantBroken {
  readonly code = "OLD_COPY";

  /** `what`: the vote or bundle that was met. */
  constructor(what: string) {
    super(
      `A9: ${what} is not on this disk, which is an old copy; stop this gateway and give it a new key before it joins again`,
    );
  }
}
