// Primes below a number, by the sieve of Eratosthenes: in AssemblyScript, which calls `env.abort` where an assertion fails.
export function primes(below: i32): i32 {
  assert(below >= 2, "there are none");
  const isComposite = new Uint8Array(below);
  let count = 0;
  for (let n = 2; n < below; n++) {
    if (isComposite[n]) continue;
    count++;
    for (let multiple = 2 * n; multiple < below; multiple += n) isComposite[multiple] = 1;
  }
  return count;
}
