// What `pnpm pack` and `pnpm publish` add to a package.json: where its source is, which the clone that it is packed from knows.
const { execFileSync } = require("node:child_process");
const { basename } = require("node:path");

/**
 * The address at which anybody can have a clone's origin; undefined where it has none that others can reach, as a folder.
 * Whose name or token stands in it stays here: `https://me:token@host/path`, `ssh://git@host:22/path`, `git@host:path`.
 */
function toPublicAddress(origin) {
  const [, host, path] =
    /^https?:\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/.exec(origin) ??
    /^(?:ssh|git):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(origin) ??
    /^[^@/:]+@([^/:]+):(?!\/)(.+)$/.exec(origin) ??
    [];
  return host === undefined ? undefined : `git+https://${host}/${path.replace(/(\.git)?\/?$/, ".git")}`;
}

/** Of the clone that this file is in; "" where it has none, or git is not there. */
function readOrigin() {
  try {
    return execFileSync("git", ["config", "--get", "remote.origin.url"], { cwd: __dirname, encoding: "utf8" }).trim();
  } catch (error) {
    if (error.status === 1 || error.code === "ENOENT") return "";
    throw error;
  }
}

module.exports = {
  toPublicAddress,
  hooks: {
    beforePacking(manifest, folder) {
      const url = toPublicAddress(readOrigin());
      if (url === undefined) {
        process.stderr.write(
          `${manifest.name}: no repository is named, since this clone has no "origin" with a public address\n`,
        );
        return manifest;
      }
      return { ...manifest, repository: { type: "git", url, directory: `packages/${basename(folder)}` } };
    },
  },
};
