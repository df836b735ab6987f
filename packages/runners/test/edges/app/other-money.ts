/** Of the same name as the class of another module. */
export class Money {
  readonly cents = 1;
  static make() {
    return new Money();
  }
}
