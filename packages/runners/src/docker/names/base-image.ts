/** What images are built upon unless it is said otherwise. */
export const DEFAULT_BASE_IMAGE = "node:24-slim";
