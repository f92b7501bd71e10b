/**
 * C5: a broken invariant is a bug: a gateway that is unsure must not sign, so the process stops and recovery reads the disk.
 */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

export function invariant(holds: boolean, message: string): asserts holds {
  if (!holds) throw new InvariantBroken(message);
}
