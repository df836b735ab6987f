const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a quantity of Kubernetes stands for, e.g. `16Mi`, `250m`; undefined where it is none. As
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ has it.
 */
export function parseQuantity(amount: string | number): number | undefined {
  const [, digits, suffix = "", exponent] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([-+]?\d+))?$/.exec(String(amount)) ?? [];
  const size = exponent === undefined ? SUFFIXES[suffix] : 10 ** Number(exponent);
  return digits === undefined || size === undefined ? undefined : Number(digits) * size;
}
