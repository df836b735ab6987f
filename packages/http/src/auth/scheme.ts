import { type Credentials, type Guard, HadronError, type User } from "@hadron/core";
import { identify } from "@hadron/core/spi";
import { HttpAnswer as Answer, type HttpAnswer, problem } from "../answer/http-answer.ts";
import type { Filter } from "../routes/types.ts";

/** One way of showing who one is. */
export interface Scheme {
  /** What `WWW-Authenticate` says of it; undefined: browsers need not know. */
  readonly challenge: string | undefined;
  readonly uses: NonNullable<Guard["uses"]>;
  /** What an OpenAPI document says of it: one of these has to be shown. */
  readonly told: readonly ToldScheme[];
  /** Undefined where there is nothing of this kind; UNAUTHENTICATED where it is nobody's. */
  check(credentials: Credentials): Promise<Shown | undefined>;
}

/** A security scheme of OpenAPI: https://spec.openapis.org/oas/v3.1.0#security-scheme-object. */
export interface ToldScheme {
  readonly name: string;
  readonly scheme: Readonly<Record<string, string>>;
}

/** A scheme that is sent as a value of a header, or of a cookie. */
export function toldKey(kind: string, where: "header" | "cookie", name: string): ToldScheme {
  // The names of schemes have fewer characters than cookies.
  return { name: `${kind}.${name.replace(/[^\w.-]/g, "-")}`, scheme: { type: "apiKey", in: where, name } };
}

/** Who it is, and what the answer says of that. */
export interface Shown {
  readonly user: User;
  /** A cookie in the place of the one that came. @default none */
  readonly setCookie?: string;
}

/** A filter of routes that lets nobody pass who does not show who they are; and a guard of services. */
export interface Auth extends Filter, Guard {}

const SCHEME = Symbol("scheme");

/** Makes a filter, and a guard, of a way of showing who one is. */
export function toAuth<M extends object>(scheme: Scheme, more: M): Auth & M {
  const filter: Filter = async (request, next) => {
    let shown: Shown;
    try {
      shown = await show(scheme, { headers: Object.fromEntries(request.headers) });
    } catch (error) {
      if (error instanceof HadronError && error.code === "UNAUTHENTICATED") return challenge(scheme, error.message);
      throw error;
    }
    identify(shown.user);
    const response = await next();
    if (shown.setCookie === undefined) return response;
    response.headers.append("set-cookie", shown.setCookie);
    return response;
  };
  const authenticate: Guard["authenticate"] = async (credentials) => (await show(scheme, credentials)).user;
  return Object.assign(filter, { authenticate, uses: scheme.uses, [SCHEME]: scheme }, more);
}

/** What is told of a filter: undefined where it is none of those. */
export function toldOf(filter: Filter): readonly ToldScheme[] | undefined {
  return (filter as { [SCHEME]?: Scheme })[SCHEME]?.told;
}

/** The way behind a filter that {@link toAuth} made. */
export function schemeOf(auth: Auth): Scheme {
  const scheme = (auth as { [SCHEME]?: Scheme })[SCHEME];
  if (scheme !== undefined) return scheme;
  throw new HadronError("INVALID_DECLARATION", "auth.any(…) takes what auth makes: auth.bearer(…), auth.session(…).");
}

async function show(scheme: Scheme, credentials: Credentials): Promise<Shown> {
  const shown = await scheme.check(credentials);
  if (shown !== undefined) return shown;
  throw new HadronError("UNAUTHENTICATED", "This is for those who say who they are.");
}

function challenge({ challenge }: Scheme, detail: string): HttpAnswer {
  const { status, headers, body } = problem(401, detail, { code: "UNAUTHENTICATED" });
  return new Answer(status, challenge === undefined ? headers : [...headers, "www-authenticate", challenge], body);
}
