/** Ends a program whose run goes on anew: with this input, as it is kept. */
export class Continuing extends Error {
  readonly input: Uint8Array;

  constructor(input: Uint8Array) {
    super("The run goes on anew with another input: let this error pass, so that the program ends here.");
    this.name = "Continuing";
    this.input = input;
  }
}
