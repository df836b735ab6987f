import { PEOPLE_USE } from "./people-use.ts";
import { describePackages } from "./suite.ts";

describePackages("npm", PEOPLE_USE);
