export class Money {
  static readonly label = Money.name;
  readonly euros = 1;
}
