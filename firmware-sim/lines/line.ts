/** The device's end of a line to a host. */
export type Line = {
  /** True when all bytes went out undamaged: only then may the device believe that the host has them (F8). */
  readonly write: (bytes: Uint8Array) => boolean;
  /** Whether a host is there. A PTY cannot know and says true. */
  readonly linked: () => boolean;
  /** Takes the line away as a pulled plug does, and gives it back; `elsewhere`: under another name, where it has one. */
  readonly unplug: () => void;
  readonly plug: (elsewhere: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
  /** Of a TCP line: where it listens. */
  readonly port?: number;
};

export type LineEvents = {
  readonly received: (bytes: Uint8Array) => void;
  /** A host came (true) or left (false). */
  readonly linked: (up: boolean) => void;
};

export type LineSettings =
  | { readonly kind: "pty"; readonly link: string }
  | { readonly kind: "fifo"; readonly path: string }
  | { readonly kind: "tcp"; readonly port: number; readonly host?: string }
  /** A line that somebody else made, for hosts in the same process. */
  | { readonly kind: "given"; readonly open: (events: LineEvents) => Line };
