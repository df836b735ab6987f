export { FolderDriver } from "./driver.ts";
export { fileNote } from "./file-note.ts";
