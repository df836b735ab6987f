import { service } from "@hadron/core";

export const lonely = service("lonely", () => 1);
