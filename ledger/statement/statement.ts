/** value = mantissa x 10^exponent; both are safe integers. The exponent is the resolution the device displayed. */
export type Decimal = { readonly mantissa: number; readonly exponent: number };

/** The raw bytes on the wire that a quantity was decoded from; at most 512. */
export type Frame = { readonly device: string; readonly bytes: Uint8Array };

/** One item, weighed and measured at one station. */
export type Measurement = {
  readonly station: string;
  /** Identity of the item: 1 to 64 printable ASCII characters. */
  readonly item: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** kg */
  readonly mass: Decimal;
  /** kg; what the scale's last digit can tell apart. */
  readonly division: Decimal;
  /** m */
  readonly dimensions: { readonly length: Decimal; readonly width: Decimal; readonly height: Decimal };
  readonly frames: readonly Frame[];
};

/** What the model expects of an item of such dimensions, and what policy says about the difference. */
export type Assessment = {
  /** SHA-256 of the model file, 64 hex digits. */
  readonly model: string;
  readonly predictedGrams: number;
  readonly lowGrams: number;
  readonly highGrams: number;
  readonly verdict: "accept" | "flag";
  /** Codes, in ascending order, each once. */
  readonly reasons: readonly string[];
};

/** S: a gateway's numbered claim. Numbers of one gateway start at 0 and have no gaps. */
export type Statement = { readonly number: number; readonly measurement: Measurement; readonly assessment: Assessment };
