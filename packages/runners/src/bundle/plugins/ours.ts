import { fileURLToPath } from "node:url";

const BESIDE_THIS = fileURLToPath(new URL("../../../../", import.meta.url));
const OWN = /^[\w-]+[\\/](?:src|dist)[\\/]/;
const INSTALLED = /[\\/]node_modules[\\/]@hadron[\\/][^\\/]+[\\/](?!node_modules[\\/])/;

/** Whether a file is of this package or of its siblings, installed or in their own workspace. */
export function isOurs(path: string): boolean {
  return INSTALLED.test(path) || (path.startsWith(BESIDE_THIS) && OWN.test(path.slice(BESIDE_THIS.length)));
}
