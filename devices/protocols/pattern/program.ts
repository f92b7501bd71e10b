import { type ByteSet, type Node, PatternFault } from "./grammar.ts";

/** PT3: one step of a matcher that looks at each character once. Numbers are places in the program. */
export type Step =
  | { readonly kind: "byte"; readonly set: ByteSet }
  /** Both ways; what the first one leads to counts before what the second leads to. */
  | { readonly kind: "fork"; readonly first: number; readonly second: number }
  | { readonly kind: "jump"; readonly to: number }
  | { readonly kind: "mark"; readonly slot: number }
  | { readonly kind: "done" };

export type Program = {
  readonly steps: readonly Step[];
  /** The group whose start and end are marked in slots 2i and 2i + 1. */
  readonly names: readonly string[];
};

/** PT3: with lines of 128 characters at most 33,024 looks a frame, whatever the frame is. */
export const MOST_STEPS = 256;

/** Throws PatternFault when the pattern is too large (PT3). */
export function compile(node: Node): Program {
  const builder = new Builder();
  builder.add(node);
  builder.push({ kind: "done" });
  return { steps: builder.steps, names: builder.names };
}

class Builder {
  readonly steps: Step[] = [];
  readonly names: string[] = [];

  push(step: Step): number {
    if (this.steps.length >= MOST_STEPS)
      throw new PatternFault(`is too large (more than ${MOST_STEPS} steps): repeat less, or shorten it`);
    return this.steps.push(step) - 1;
  }

  add(node: Node): void {
    switch (node.kind) {
      case "byte":
        this.push({ kind: "byte", set: node.set });
        return;
      case "sequence":
        for (const part of node.parts) this.add(part);
        return;
      case "choice":
        this.#choice(node.branches);
        return;
      case "named": {
        const slot = 2 * (this.names.push(node.name) - 1);
        this.push({ kind: "mark", slot });
        this.add(node.inner);
        this.push({ kind: "mark", slot: slot + 1 });
        return;
      }
      case "repeat":
        this.#repeat(node);
    }
  }

  #choice(branches: readonly Node[]): void {
    const ends: number[] = [];
    for (const [index, branch] of branches.entries()) {
      if (index === branches.length - 1) {
        this.add(branch);
        continue;
      }
      const fork = this.push({ kind: "done" });
      this.add(branch);
      ends.push(this.push({ kind: "done" }));
      this.steps[fork] = { kind: "fork", first: fork + 1, second: this.steps.length };
    }
    for (const end of ends) this.steps[end] = { kind: "jump", to: this.steps.length };
  }

  /** As many as possible first, as everybody is used to. */
  #repeat({ inner, least, most }: Extract<Node, { kind: "repeat" }>): void {
    for (let count = 0; count < least; count++) this.add(inner);
    if (most === null) {
      const fork = this.push({ kind: "done" });
      this.add(inner);
      this.push({ kind: "jump", to: fork });
      this.steps[fork] = { kind: "fork", first: fork + 1, second: this.steps.length };
      return;
    }
    const forks: number[] = [];
    for (let count = least; count < most; count++) {
      forks.push(this.push({ kind: "done" }));
      this.add(inner);
    }
    for (const fork of forks) this.steps[fork] = { kind: "fork", first: fork + 1, second: this.steps.length };
  }
}
