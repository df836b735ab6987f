import { expect, test } from "vitest";
import { toGuestHeaders, toGuestVariables } from "../../src/web/guest-request.ts";
import { readRequest } from "../../src/web/request.ts";

const headers = [
  ["Host", "shop.example.com:8443"],
  ["Authorization", "Bearer secret"],
  ["Proxy", "http://evil"],
  ["Proxy-Authorization", "secret"],
  ["Content-Type", "text/plain"],
  ["Content-Length", "99"],
  ["X-Moc-Remote-Addr", "forged"],
  ["X-Not-X-Moc-", "kept"],
  ["User-Agent", "te\u0000st"],
].flat();
const came = () => readRequest({ method: "PUT", url: "/a/b?x=1", headers, address: "::1", body: "hi" }, 100);
const bound = { data: "some data", params: { pageId: "7", "the-rest": "c/d" } };

test("a guest is told what nobody outside can say under x-moc-, and its own headers as they came", async () => {
  const told = toGuestHeaders(await came(), bound);
  expect(told.filter(([name]) => name === "x-moc-remote-addr")).toEqual([["x-moc-remote-addr", "::1"]]);
  expect(Object.fromEntries(told)).toMatchObject({
    "x-not-x-moc-": "kept",
    authorization: "Bearer secret",
    "x-moc-host": "shop.example.com:8443",
    "x-moc-method": "PUT",
    "x-moc-request-uri": "/a/b?x=1",
    "x-moc-url-path": "/a/b",
    "x-moc-url-query": "x=1",
    "x-moc-plug-data": "some data",
    "x-moc-path-param-pageid": "7",
    "x-moc-path-param-the-rest": "c/d",
  });
});

test("a program of CGI finds it in its environment: no password, no proxy, nothing that was forged, no NUL", async () => {
  expect(toGuestVariables(await came(), bound)).toEqual({
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "hadron",
    SERVER_NAME: "shop.example.com",
    REQUEST_METHOD: "PUT",
    REQUEST_URI: "/a/b?x=1",
    SCRIPT_NAME: "",
    PATH_INFO: "/a/b",
    QUERY_STRING: "x=1",
    REMOTE_ADDR: "::1",
    CONTENT_TYPE: "text/plain",
    CONTENT_LENGTH: "2",
    PLUG_DATA: "some data",
    HTTP_HOST: "shop.example.com:8443",
    HTTP_X_NOT_X_MOC_: "kept",
    HTTP_USER_AGENT: "test",
    PATH_PARAM_PAGEID: "7",
    PATH_PARAM_THE_REST: "c/d",
  });
  const bare = await readRequest({ method: "GET", url: "/", headers: [] }, 0);
  expect(toGuestVariables(bare, { data: "", params: {} })).toMatchObject({ SERVER_NAME: "", CONTENT_TYPE: "" });
});
