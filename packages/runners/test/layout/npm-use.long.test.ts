import { MORE_PEOPLE_USE } from "./more-people-use.ts";
import { describePackages } from "./suite.ts";

describePackages("npm", MORE_PEOPLE_USE);
