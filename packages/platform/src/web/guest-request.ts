import type { CameIn } from "./request.ts";

interface Bound {
  readonly data: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What a guest is told of a request: its own headers, and those that begin with `x-moc-`, which nobody outside can say. */
export function toGuestHeaders(request: CameIn, { data, params }: Bound): readonly (readonly [string, string])[] {
  const own = Object.entries(request.headers).filter(([name]) => !name.startsWith("x-moc-"));
  const told = {
    host: request.headers.host ?? "",
    method: request.method,
    proto: "HTTP/1.1",
    "remote-addr": request.address,
    "request-uri": request.url,
    "url-path": request.path,
    "url-query": request.query,
    "plug-data": data,
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`path-param-${name.toLowerCase()}`, value])),
  };
  return [...own, ...Object.entries(told).map(([name, value]) => [`x-moc-${name}`, value] as const)];
}

/** The same as a program of CGI/1.1 finds it (RFC 3875), with what a path binds as PATH_PARAM_NAME. */
export function toGuestVariables(request: CameIn, { data, params }: Bound): Readonly<Record<string, string>> {
  const { headers } = request;
  // A password is not for programs' environments, and `Proxy` would become HTTP_PROXY.
  const hidden = ["authorization", "proxy", "proxy-authorization", "content-type", "content-length"];
  const fields = Object.entries(headers).filter(([name]) => !hidden.includes(name) && !name.startsWith("x-moc-"));
  const variable = (name: string) => name.toUpperCase().replaceAll("-", "_");
  return withoutNul({
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "hadron",
    SERVER_NAME: headers.host?.replace(/:\d+$/, "") ?? "",
    REQUEST_METHOD: request.method,
    REQUEST_URI: request.url,
    SCRIPT_NAME: "",
    PATH_INFO: request.path,
    QUERY_STRING: request.query,
    REMOTE_ADDR: request.address,
    CONTENT_TYPE: headers["content-type"] ?? "",
    CONTENT_LENGTH: String(request.body.length),
    PLUG_DATA: data,
    ...Object.fromEntries(fields.map(([name, value]) => [`HTTP_${variable(name)}`, value])),
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`PATH_PARAM_${variable(name)}`, value])),
  });
}

function withoutNul(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll("\0", "")]));
}
