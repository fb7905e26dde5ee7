import { Recent } from '../runtime/recent.js';

/** By message id: how many receives of the message ended in an outage in this process. */
export class OutageCounts extends Recent<number> {
  add(messageId: string): void {
    this.set(messageId, (this.get(messageId) ?? 0) + 1);
  }
}
