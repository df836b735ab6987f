/** The environment of the command: `process.env`, or what a test gives. */
export type Env = Readonly<Record<string, string | undefined>>;
