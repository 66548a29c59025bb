import { inspect, type InspectOptions } from 'node:util';
import { checkListener } from '../calls/check-arguments.js';
import { describe } from '../describe.js';

export interface ChannelNotification {
  channel: string;
  payload: string;
  /** The server process that sent it. */
  processId: number;
}

export type NotificationHandler = (notification: ChannelNotification) => void;

const EVENTS: readonly string[] = ['gap'];

/** An interest in a channel; ends by `close` or by being disposed of. */
export class Subscription {
  /** @internal */
  readonly gapHandlers = new Set<() => void>();

  private constructor(
    readonly channel: string,
    /** @internal */
    readonly handler: NotificationHandler,
    private readonly end: (subscription: Subscription) => Promise<void>,
  ) {}

  /**
   * `gap`: the connection was lost and the channel is listened to again; what was notified meanwhile is missed, so look
   * at the data itself.
   */
  on(event: 'gap', handler: () => void): this {
    checkListener(EVENTS, event, handler);
    this.gapHandlers.add(handler);
    return this;
  }

  off(event: 'gap', handler: () => void): this {
    checkListener(EVENTS, event, handler);
    this.gapHandlers.delete(handler);
    return this;
  }

  /** @internal */
  static create(
    channel: string,
    handler: NotificationHandler,
    end: (subscription: Subscription) => Promise<void>,
  ): Subscription {
    return new Subscription(channel, handler, end);
  }

  /** What a structured log may say of the subscription. */
  toJSON(): object {
    return { channel: this.channel };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('Subscription', this.toJSON(), depth, options);
  }

  /** No notification reaches the handler afterwards. */
  close(): Promise<void> {
    return this.end(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
