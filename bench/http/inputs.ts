/** What all sides are asked, and what they answer. */
export const HELLO = { path: "/hello/Ann", expected: JSON.stringify({ hello: "Ann" }) };

const lines = Array.from({ length: 12 }, (_, at) => ({
  sku: `article-${at}`,
  count: at + 1,
  price: 9.5,
  note: "as new, with receipt",
}));
/** Some 1 KiB of JSON. */
export const ORDER = JSON.stringify({ id: "o-1", customer: "ann@example.com", paid: true, lines });
export const ORDERED = {
  path: "/orders",
  body: ORDER,
  expected: JSON.stringify({ id: "o-1", articles: lines.length }),
};

/** Answered by another replica, or another server. */
export const PASSED_ON = { path: "/passed-on/7", expected: JSON.stringify({ id: "7", item: "tea" }) };

export const FILE_BYTES = 1 << 20;
export const FILE = { path: "/files/large.bin", expected: FILE_BYTES };

/** Of the server with many: in the middle. */
export const MANY = { few: 5, many: 500, path: "/part/3/item/9", expected: JSON.stringify({ part: 3, id: "9" }) };
