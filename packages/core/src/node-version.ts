/** The oldest Node that the packages run on. Loaded before everything else, so that an older one is told in one line. */
const OLDEST = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST) {
  console.error(`Hadron needs Node ${OLDEST} or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}
