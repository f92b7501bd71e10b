import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";

export type TlsIdentity = {
  /** PKCS #8 PEM, secret. */
  readonly key: string;
  /** Self-signed X.509 PEM. */
  readonly cert: string;
  /** sha256 hex of the SPKI DER: what the site configuration pins. */
  readonly pin: string;
};

/**
 * P1: an Ed25519 key and a certificate that says nothing but the key: no authority, no name check and practically no
 * expiry (RFC 5280 4.1.2.5 "99991231235959Z"), because the site configuration alone decides who belongs to the site.
 */
export async function makeTlsIdentity(gateway: string): Promise<TlsIdentity> {
  // Loaded here and not at the top: only `init` needs them, and a running gateway should not carry their memory.
  await import("reflect-metadata");
  const { X509CertificateGenerator } = await import("@peculiar/x509");
  const pair = generateKeyPairSync("ed25519");
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${gateway}`,
    notBefore: new Date("2020-01-01T00:00:00Z"),
    notAfter: new Date("9999-12-31T23:59:59Z"),
    signingAlgorithm: { name: "Ed25519" },
    keys: {
      privateKey: pair.privateKey.toCryptoKey("Ed25519", true, ["sign"]),
      publicKey: pair.publicKey.toCryptoKey("Ed25519", true, ["verify"]),
    },
  });
  const cert = certificate.toString("pem");
  const key = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { key, cert, pin: tlsPinOf(cert) };
}

/** sha256 hex of the SPKI DER of a certificate (PEM or parsed). */
export function tlsPinOf(certificate: string | X509Certificate): string {
  const parsed = typeof certificate === "string" ? new X509Certificate(certificate) : certificate;
  return createHash("sha256")
    .update(parsed.publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}
