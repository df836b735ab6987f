/**
 * Which of `count` shards owns a key: the one whose hash together with the key is the highest.
 *
 * Rendezvous hashing, D. Thaler and C. Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996. Not modulo:
 * adding a shard must move few keys, and moves only those that the new one wins, about 1 in count + 1.
 */
export function chooseShard(key: string, count: number): number {
  const keyHash = hash(key);
  let best = 0;
  let highest = -1;
  for (let shard = 0; shard < count; shard++) {
    const weight = mix(keyHash ^ Math.imul(shard + 1, 0x9e3779b1));
    if (weight > highest) {
      highest = weight;
      best = shard;
    }
  }
  return best;
}

/** FNV-1a over UTF-16 code units, 32 bits: G. Fowler, L. C. Noll, K.-P. Vo. Its high bits want the mixing below. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}

/** The finalizer of MurmurHash3 (A. Appleby, public domain): each bit of the input flips half of the output's. */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
