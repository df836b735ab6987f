/** The path of a route's key: what stands behind its method, where it has one. */
type PathOf<K extends string> = K extends `${string} ${infer Path}` ? Path : K;

type NameOf<Segment extends string> = Segment extends `:${infer Name}` ? Name : Segment extends "*" ? "*" : never;

type NamesOf<Path extends string> = Path extends `${infer Head}/${infer Rest}`
  ? NameOf<Head> | NamesOf<Rest>
  : NameOf<Path>;

/**
 * The parameters of a route, from its key: `"GET /orders/:id"` has `{ id: string }`, and `*` at the end has `{ "*": string }`,
 * what is below, without a slash in front.
 */
export type Params<K extends string> = { readonly [Name in NamesOf<PathOf<K>>]: string };
