import { MORE_PEOPLE_USE } from "./more-people-use.ts";
import { PEOPLE_USE } from "./people-use.ts";
import { describePackages } from "./suite.ts";

describePackages("pnpm", [...PEOPLE_USE, ...MORE_PEOPLE_USE]);
