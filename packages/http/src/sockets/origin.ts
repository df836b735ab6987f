/**
 * Whether a page of an origin may open a socket: a browser lets any page try, and sends the cookies of whoever is signed in along. What says
 * none is no page.
 *
 * @param host What the request says of where it goes, with the port where that is not the usual one.
 */
export function mayOpen(
  origin: string | undefined,
  host: string | undefined,
  origins: readonly string[] | "*",
): boolean {
  if (origin === undefined || origins === "*" || origins.includes(origin)) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Behind something that ends TLS the request itself came in plain text: the scheme is not known here.
  return URL.canParse(`${page.protocol}//${host}`) && page.host === new URL(`${page.protocol}//${host}`).host;
}
