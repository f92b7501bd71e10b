// Adds lock entries for optional platform packages that the registry lacked when the lock was written, so that `npm ci` finds them.
import { readFileSync, writeFileSync } from "node:fs";
const [file] = process.argv.slice(2);
const lock = JSON.parse(readFileSync(file, "utf8"));
const OS = ["android", "darwin", "freebsd", "linux", "win32", "openharmony", "openbsd", "netbsd", "sunos", "aix"];
const CPU = [
  ["arm64", "arm64"],
  ["aarch64", "arm64"],
  ["x64", "x64"],
  ["ia32", "ia32"],
  ["arm", "arm"],
  ["ppc64", "ppc64"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["loong64", "loong64"],
  ["wasm32", "wasm32"],
  ["mips64el", "mips64el"],
];
let added = 0;
for (const [path, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const inner = `${path}/node_modules/${name}`,
      outer = `node_modules/${name}`;
    if (lock.packages[outer] || lock.packages[inner]) continue;
    const parts = name.split("/").pop().split("-");
    const os = OS.filter((o) => parts.includes(o));
    const cpu = CPU.filter(([n]) =>
      parts.some((p) => p === n || (n === "arm" && p.startsWith("arm") && p !== "arm64")),
    ).map(([, c]) => c);
    if (os.length === 0 && cpu[0] !== "wasm32") {
      console.log("?", name, range, "of", path);
      continue;
    }
    const libc = parts.some((p) => p.startsWith("musl"))
      ? ["musl"]
      : parts.some((p) => p.startsWith("gnu"))
        ? ["glibc"]
        : undefined;
    if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(range)) {
      console.log("range?", name, range);
      continue;
    }
    lock.packages[outer] = {
      version: range,
      cpu,
      ...(entry.dev ? { dev: true } : {}),
      ...(libc && os[0] === "linux" ? { libc } : {}),
      optional: true,
      ...(os.length ? { os } : {}),
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a === "" ? -1 : b === "" ? 1 : a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log("added", added);
