import { createHash, timingSafeEqual } from "node:crypto";

/** Who may log in, and as whom. */
export type Login<Who> = { readonly username: string; readonly password: string; readonly who: Who };

const digest = (text: string | Uint8Array): Buffer => createHash("sha256").update(text).digest();

/** Who may log in as what. Compares digests in constant time, also for a user that does not exist (B1). */
export function credentialsOf<Who>(
  logins: readonly Login<Who>[],
): (username: string | undefined, password: Uint8Array | undefined) => Who | null {
  const known = new Map(logins.map((login) => [login.username, { login, digest: digest(login.password) }]));
  const nobody = digest("");
  return (username, password) => {
    const entry = known.get(username ?? "");
    const equal = timingSafeEqual(digest(password ?? new Uint8Array(0)), entry?.digest ?? nobody);
    return equal && entry !== undefined ? entry.login.who : null;
  };
}
