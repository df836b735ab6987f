import { expect, test } from "vitest";
import type { RouteRecord } from "../../src/kept/records.ts";
import { checkRoutePath, keyOfRoute, RouteTree } from "../../src/kept/route-tree.ts";

const route = (line: string): RouteRecord => {
  const [method = "", path = ""] = line.split(" ");
  return { kind: "file", method, path, name: line, start: "", data: "", tags: [] };
};

/** What is found at a path: the route and its parameters, or which methods there are. */
function find(tree: RouteTree, method: string, path: string) {
  const found = tree.find(method, path.slice(1).split("/"));
  return found.kind === "found" ? [found.route.name, found.params] : found.allow;
}

test("names before parameters, these before the rest, segment by segment, whatever the order", () => {
  const routes = ["GET /", "GET /a/b", "GET /a/!x", "GET /a/*rest", "GET /!x/b/c", "GET /*all"].map(route);
  for (const tree of [new RouteTree(routes), new RouteTree(routes.toReversed())]) {
    expect(find(tree, "GET", "/")).toEqual(["GET /", {}]);
    expect(find(tree, "GET", "/a/b")).toEqual(["GET /a/b", {}]);
    expect(find(tree, "GET", "/a/c")).toEqual(["GET /a/!x", { x: "c" }]);
    expect(find(tree, "GET", "/a/c/d")).toEqual(["GET /a/*rest", { rest: "c/d" }]);
    expect(find(tree, "GET", "/a")).toEqual(["GET /a/*rest", { rest: "" }]);
    expect(find(tree, "GET", "/a/")).toEqual(["GET /a/*rest", { rest: "" }]);
    expect(find(tree, "GET", "/z/b/c")).toEqual(["GET /!x/b/c", { x: "z" }]);
    expect(find(tree, "GET", "/z/b")).toEqual(["GET /*all", { all: "z/b" }]);
  }
});

test("a path that has another method alone gives way to one that has this; GET is HEAD, too", () => {
  const tree = new RouteTree(["POST /a", "GET /!x", "PUT /*all", "HEAD /h", "GET /h"].map(route));
  expect(find(tree, "GET", "/a")).toEqual(["GET /!x", { x: "a" }]);
  expect(find(tree, "HEAD", "/a")).toEqual(["GET /!x", { x: "a" }]);
  expect(find(tree, "HEAD", "/h")).toEqual(["HEAD /h", {}]);
  expect(find(tree, "DELETE", "/a")).toEqual(["POST", "GET", "PUT"]);
  expect(find(tree, "GET", "/b/c")).toEqual(["PUT"]);
  expect(find(new RouteTree([]), "GET", "/")).toEqual([]);
});

test("routes that take the same requests have one key", () => {
  expect(keyOfRoute({ method: "GET", path: "/a/!name/*rest" })).toBe("GET /a/!/*");
  expect(keyOfRoute({ method: "GET", path: "/a/!other/*more" })).toBe("GET /a/!/*");
  expect(keyOfRoute({ method: "POST", path: "/" })).toBe("POST /");
});

test.each(["/", "/a/!name/*rest", "/a/", "/*all", "/a.b/c!d", `/${"a".repeat(511)}`])(
  "%s is a path of a route",
  (path) => {
    expect(checkRoutePath(path)).toBe(path);
  },
);

test.each([
  ["a", "does not begin with /"],
  ["", "does not begin with /"],
  [`/${"a".repeat(512)}`, "is longer than 512 characters"],
  ["/a/./b", "has a . or .. in it"],
  ["/a/..", "has a . or .. in it"],
  ["/a?b", "has what no path can have"],
  ["/a\\b", "has what no path can have"],
  ["/a\u0007", "has what no path can have"],
  ["/a//b", "has two slashes in a row"],
  ["/*rest/a", "has something behind what takes the rest"],
  ["/!", 'has "!", which names nothing'],
  ["/!9", 'has "!9", which names nothing'],
  ["/*a.b", 'has "*a.b", which names nothing'],
  ["/!a/!a", 'has "a" twice'],
])("%j is none: it %s", (path, why) => {
  expect(() => checkRoutePath(path)).toThrow(
    expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringContaining(`"${path}" ${why}: write it`) }),
  );
});
