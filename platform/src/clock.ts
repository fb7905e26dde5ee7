/** The current time in epoch ms. Everything that compares times takes one, so that tests own the time. */
export type Clock = () => number;
