/**
 * Where things are in an image and a container, and how they are reached there: the same under every runner that makes
 * containers.
 */

/** The bundle, its map and the topology. */
export const APP_FOLDER = "/app";
export const BUNDLE_FILE = "app.mjs";
export const TOPOLOGY_FILE = "topology.json";
/** The working directory: the services' `files`, and for the code the folder of the app file. */
export const FILES_FOLDER = "/app/files";
export const COUNTS_FOLDER = "/run/hadron";
export const COUNTS_FILE = "counts.json";
/** Where our own code finds its secrets, as one file. */
export const SECRETS_FOLDER = "/run/hadron-secrets";
export const SECRETS_FILE = "secrets.json";
/** Where other images find theirs, a file each, as is usual among images (`PASSWORD_FILE=/run/secrets/PASSWORD`). */
export const IMAGE_SECRETS_FOLDER = "/run/secrets";
/** For other replicas, probes and metrics. Never published. */
export const INTERNAL_PORT = 7070;
/** For outside callers, where a service is exposed. */
export const EXPOSED_PORT = 8080;
/** Not root; the user `node` of Node's images. */
export const USER_ID = 1000;
