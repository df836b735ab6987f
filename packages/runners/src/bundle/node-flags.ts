import type { ServiceTopology } from "@hadron/core/spi";

const MIB = 1024 * 1024;
/** What Node needs beside the heap: code, stacks, buffers, sockets. */
const BESIDE_HEAP = 0.25;

/**
 * Node's flags for one replica, the same under every runner. The heap gets three quarters of the memory declared, so
 * that one that grows without bound ends with V8's message, which names the reason, and not with the kernel's SIGKILL.
 */
export function nodeFlags(capacity: ServiceTopology["capacity"]): readonly string[] {
  return [`--max-old-space-size=${Math.max(8, Math.floor((capacity.memoryBytes * (1 - BESIDE_HEAP)) / MIB))}`];
}
