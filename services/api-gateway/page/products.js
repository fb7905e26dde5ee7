export const UNIT_PRICE = 12.5;

/** The products of the form: one that is in stock, and those that control the simulated warehouse. */
export const PRODUCTS = [
  {
    productId: 'coffee-beans',
    productName: 'Coffee beans, 1 kg',
    note: 'In stock: the order completes at its first attempt.',
  },
  {
    productId: 'test-fails-2-times',
    productName: 'Fails two times',
    note: 'The first two attempts fail; the message is redelivered, and the third attempt completes the order.',
  },
  {
    productId: 'test-slow',
    productName: 'Takes ten seconds',
    note: 'The warehouse takes ten seconds: long enough to watch the order in progress.',
  },
  {
    productId: 'test-out-of-stock',
    productName: 'Out of stock',
    note: 'Refused: the order fails at once, and a retry would not help.',
  },
  {
    productId: 'test-fails-always',
    productName: 'Fails every time',
    note: 'Every attempt fails. After the last one the order is cancelled, and its message becomes a dead letter.',
  },
];
