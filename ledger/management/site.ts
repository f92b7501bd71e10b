/** G3: what the gateways of a site have agreed on, and what an auditor holds: SITE.json. */
export type Site = {
  readonly format: "tallystick-site/v1";
  readonly site: string;
  readonly epoch: number;
  /** G8: configHash of the configuration that this one follows; absent in the first one of a site. */
  readonly previous?: string;
  readonly gateways: readonly SiteGateway[];
  readonly devices: readonly SiteDevice[];
  readonly ledgers: readonly SiteLedger[];
  readonly model: SiteModel;
  /** SHA-256 of the deterministic CBOR of everything else, 64 hex digits. */
  readonly configHash: string;
};

export type SiteGateway = {
  readonly name: string;
  /** Verifier key of type 01 named "<site>/<gateway>": signs bundles and votes. */
  readonly key: string;
  /** Verifier key of type 04 named "<site>/<gateway>": cosigns checkpoints, nothing else. */
  readonly checkpointKey: string;
  /** SHA-256 of the DER of the TLS certificate's SubjectPublicKeyInfo, 64 hex digits. */
  readonly tlsPin: string;
  /** G9: present when the gateway has left the site. Its place, its lane and its last keys stay. */
  readonly left?: true;
};

export type Measures = "mass" | "dimensions" | "item";

/** A registered device: only its readings may stand in statements, and only within its range. Bounds are decimal texts. */
export type SiteDevice = {
  readonly id: string;
  readonly gateway: string;
  readonly station: string;
  /** A protocol of `devices/protocols`, or `api`: this folder knows them by name only. */
  readonly protocol: string;
  /** G12: what everybody must know to read its frames, where the protocol leaves that open. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly measures: readonly Measures[];
  /** Present exactly when it measures mass. */
  readonly mass?: { readonly minKg: string; readonly maxKg: string; readonly divisionKg: string };
  /** Present exactly when it measures dimensions. */
  readonly dimensions?: { readonly minMm: string; readonly maxMm: string; readonly divisionMm: string };
};

export type SiteLedger = {
  readonly name: string;
  readonly kind: "embedded";
  /** Verifier key of type 04. */
  readonly key: string;
};

export type SiteModel = {
  /** SHA-256 of the model file, 64 hex digits. */
  readonly sha256: string;
  /** Peers accept a predicted figure within this many thousandths, and 1 g. */
  readonly toleranceMilli: number;
};

export type SiteDraft = Omit<Site, "format" | "configHash">;
