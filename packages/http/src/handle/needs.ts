import type { Guard } from "@hadron/core";
import { type Needs, USER_KEY } from "@hadron/core/spi";
import type { Filter } from "../routes/types.ts";

/** What filters look at, such as secrets; and, where one says who it is, the key with which that is signed. */
export function needsOf(filters: readonly (Filter & Partial<Guard>)[]): Needs {
  return {
    uses: filters.flatMap(({ uses = [] }) => uses),
    generated: filters.some(({ authenticate }) => authenticate !== undefined) ? [USER_KEY] : [],
  };
}
