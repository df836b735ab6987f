export { type Credentials, dockerCredentials, type FindCredentials } from "./credentials.ts";
export { contentTag, type ImageSpec, type PushedImage, type PushOptions, pushImage } from "./image.ts";
export { parseReference, type Reference, toText } from "./reference.ts";
