/** A rule broken on purpose: what is replaced in the source. A simulator that does not notice it would not notice the real fault. */

export type Edit = {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
};

export type Mutant = {
  readonly name: string;
  readonly rule: string;
  readonly edits: readonly Edit[];
  /** `--attack` of the run that is to notice: a rule against liars shows its worth only where somebody lies. */
  readonly attack?: string;
  readonly gateways?: number;
};

/** The source with the rule broken. Throws when the source is no longer what the mutant was made for. */
export function spoil(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`${file}: ${JSON.stringify(find)} stands there ${parts.length - 1} times and not once`);
  return parts.join(replace);
}

/** In this variable the child process finds the name of its mutant. */
export const MUTANT = "TALLYSTICK_MUTANT";
