/** Bytes of a device that are not of the notation they are read in: a verdict for whoever reads, not a failure. */
export class Unreadable extends Error {
  override readonly name: string = "Unreadable";
}
