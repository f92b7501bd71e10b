/** A benchmark that this machine cannot run. The message is one sentence: what is missing and what to do. */
export class Impossible extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Impossible";
  }
}
