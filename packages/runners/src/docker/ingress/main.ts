// The whole of an ingress. Given a folder it is the door, which owns the port; else the program behind it, or, as in an
// exported Compose file, both in one. Each loads its own half alone: the door stays small.
const [, , folder] = process.argv;
if (folder === undefined) {
  const { runProgram } = await import("./program.ts");
  await runProgram();
} else {
  const { openDoor } = await import("./door.ts");
  openDoor(folder);
}
